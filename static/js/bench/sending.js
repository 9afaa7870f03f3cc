// What the review page sends and fetches, in the name of whoever it was drawn for: the server refuses anybody else.

export class Sender {
  #viewer;

  constructor(viewer) {
    this.#viewer = viewer;
  }

  send(address, body, { headers, ...options }) {
    const named = { "Content-Type": "application/json", ...this.#named, ...headers };
    return fetch(address, { ...options, headers: named, body: JSON.stringify(body) });
  }

  fetch(address) {
    return fetch(address, { headers: this.#named });
  }

  get #named() {
    return { "X-Analyst-Id": this.#viewer };
  }
}

export function isForAnother(body) {
  return body?.error_code === "BENCH_SIGNED_IN_AS_ANOTHER";
}

export function sentenceOf({ detail, errors }) {
  return [detail, ...Object.values(errors ?? {}).flat()].join(" ");
}
