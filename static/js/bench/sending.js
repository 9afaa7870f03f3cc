// What the review page sends, in the name of whoever it was drawn for: the server refuses it from anybody else.

export class Sender {
  #viewer;

  constructor(viewer) {
    this.#viewer = viewer;
  }

  send(address, body, { headers, ...options }) {
    const named = { "Content-Type": "application/json", "X-Analyst-Id": this.#viewer, ...headers };
    return fetch(address, { ...options, headers: named, body: JSON.stringify(body) });
  }
}

export function isForAnother(body) {
  return body?.error_code === "BENCH_SIGNED_IN_AS_ANOTHER";
}

export function sentenceOf({ detail, errors }) {
  return [detail, ...Object.values(errors ?? {}).flat()].join(" ");
}
