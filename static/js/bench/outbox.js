// What was written and is not saved yet, by the address it goes to. It outlives a reload of the page.

export class Outbox {
  #prefix;

  constructor(session) {
    this.#prefix = `bench-unsaved-${session}-`;
  }

  get(address) {
    return JSON.parse(sessionStorage.getItem(this.#prefix + address));
  }

  put(address, letter) {
    sessionStorage.setItem(this.#prefix + address, JSON.stringify(letter));
  }

  drop(address) {
    sessionStorage.removeItem(this.#prefix + address);
  }

  get addresses() {
    const keys = Object.keys(sessionStorage).filter((key) => key.startsWith(this.#prefix));
    return keys.map((key) => key.slice(this.#prefix.length));
  }
}
