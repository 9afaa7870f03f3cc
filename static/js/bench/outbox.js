// What was written and is not saved yet, by the address it goes to. It outlives a reload of the page, and belongs to
// whoever wrote it: who signs in after them neither sends nor keeps it.

const ALL = "bench-unsaved-";

export class Outbox {
  #prefix;

  constructor(session, viewer) {
    this.#prefix = `${ALL}${viewer}-${session}-`;
    for (const key of Object.keys(sessionStorage)) {
      if (key.startsWith(ALL) && !key.startsWith(`${ALL}${viewer}-`)) sessionStorage.removeItem(key);
    }
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
