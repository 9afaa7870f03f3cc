// Fetches questions as they are shown, the next one ahead of time.

import { Sender } from "./sending.js";

const KEPT = 4;

export class Items {
  #address;
  #query;
  #sender;
  #kept = new Map(); // index → a promise of its HTML

  constructor(root) {
    this.#address = `${root.dataset.page}/items/`;
    this.#query = root.dataset.query;
    this.#sender = new Sender(root.dataset.viewer);
  }

  // Returns the element of a question; throws where it cannot be had, with a sentence as its cause if it is refused.
  async load(index) {
    const html = await this.#ask(index);
    this.forget(index); // what is on the page soon differs from it
    return document.adoptNode(parsed(html).querySelector("[data-item]"));
  }

  prefetch(index) {
    if (index !== undefined) this.#ask(index).catch(() => {});
    for (const old of [...this.#kept.keys()].slice(0, -KEPT)) this.forget(old);
  }

  forget(index) {
    this.#kept.delete(index);
  }

  forgetAll() {
    this.#kept.clear();
  }

  #ask(index) {
    if (!this.#kept.has(index)) {
      const asked = this.#fetch(index);
      this.#kept.set(index, asked);
      asked.catch(() => this.forget(index));
    }
    return this.#kept.get(index);
  }

  async #fetch(index) {
    const response = await this.#sender.fetch(`${this.#address}${index}?${this.#query}`);
    const html = await response.text();
    const refusal = response.status === 409 && parsed(html).querySelector("[data-refusal]");
    if (!response.ok || response.redirected) throw new Error(response.status, { cause: refusal?.textContent });
    return html;
  }
}

function parsed(html) {
  return new DOMParser().parseFromString(html, "text/html");
}
