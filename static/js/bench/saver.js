// Saves what is said of answers: by itself, one save after the other, and nothing is lost when one fails.

import { fill, isSame, said } from "./judgement.js";
import { Outbox } from "./outbox.js";
import { Sender, isForAnother, sentenceOf } from "./sending.js";

const PAUSE = 600;
const SOONEST = 2_000;
const LATEST = 30_000;

export class Saver extends EventTarget {
  #outbox;
  #sender;
  #channel;
  #item; // the one on the page: {index, address, form, before, version}
  #known = new Map(); // address → {index, version, before}, of all that were on the page
  #undoable = [];
  #saving = Promise.resolve();
  #timer;
  #retry;
  #wait = SOONEST;
  #parted; // what is told once who writes here is signed in no more: nothing can be saved then

  constructor(session, viewer) {
    super();
    this.#outbox = new Outbox(session, viewer);
    this.#sender = new Sender(viewer);
    this.#channel = new BroadcastChannel(`bench-${session}`);
    this.#channel.addEventListener("message", ({ data }) => this.#tell("elsewhere", data));
    addEventListener("online", () => this.resume());
    addEventListener("pagehide", () => this.#leave());
    addEventListener("beforeunload", (event) => this.#outbox.addresses.length && event.preventDefault());
  }

  get hasUndo() {
    return this.#undoable.length > 0;
  }

  get isDirty() {
    return Boolean(this.#item) && !isSame(this.#data, this.#item.before);
  }

  // Whether what the form says cannot be saved unless somebody does something about it.
  get isStuck() {
    return this.isDirty && Boolean(this.#parted || this.#item.isRefused);
  }

  get nUnsavedElsewhere() {
    return this.#outbox.addresses.filter((address) => address !== this.#item?.address).length;
  }

  get #data() {
    return said(this.#item.form, this.#item.before);
  }

  // Takes over the form of an item, with what was written in it and never saved.
  attach(form, index) {
    this.flush(); // what was written in the form before while this one was on its way
    const address = form.dataset.api;
    this.#item = { index, address, form, before: JSON.parse(form.dataset.said), version: Number(form.elements.version.value) };
    this.#known.set(address, this.#item);
    form.addEventListener("input", () => this.#changed());
    form.addEventListener("focusout", () => this.flush());
    const letter = this.#outbox.get(address);
    if (letter) fill(form, letter.data);
    if (letter && this.isDirty) this.#item.version = letter.version; // else it had arrived
    if (letter || this.isDirty) this.#changed(); // without a letter somebody was faster than this script
  }

  // Sends what lies unsent, also what was written before the page was loaded again.
  resume() {
    for (const address of this.#outbox.addresses) {
      const letter = this.#outbox.get(address);
      const item = this.#known.get(address) ?? { ...letter, address };
      this.#known.set(address, item);
      this.#send(item, item === this.#item ? this.#data : letter.data);
    }
  }

  // Saves what is on the page, and waits until that is done or has failed.
  flush() {
    clearTimeout(this.#timer);
    if (this.isDirty) this.#send(this.#item, this.#data);
    return this.#saving;
  }

  // Puts something in place of what is said of the answer on the page, whose form is to be drawn anew then.
  put(data) {
    return this.#replace(this.#item, data);
  }

  // Takes back the last save, as a new one; returns its index, or null where there is nothing to take back. The form
  // of that answer is to be drawn anew then.
  async undo() {
    const form = this.#item?.form;
    form?.toggleAttribute("inert", true); // what is written from here on would be gone
    await this.flush();
    const last = this.isDirty ? null : this.#undoable.pop(); // what was not saved yet is not taken back
    const item = last && this.#known.get(last.address);
    form?.toggleAttribute("inert", item === this.#item);
    if (!item) return null;
    await this.#replace(item, last.before, { isUndo: true });
    return item.index;
  }

  // Answers a conflict: `data` is to stand in place of what stands there. The form is to be drawn anew then.
  settle({ item, version, current }, data) {
    item.isContested = false;
    item.version = version;
    item.before = current;
    return this.#replace(item, data);
  }

  // Saves what is not in the form, which says nothing any more and is shut.
  #replace(item, data, options) {
    clearTimeout(this.#timer);
    if (item === this.#item) {
      item.form.inert = true;
      this.#item = null;
    }
    this.#send(item, data, options);
    return this.#saving;
  }

  #changed() {
    if (!this.#item) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), PAUSE);
    if (this.isDirty) this.#keep(this.#item, this.#data);
    else this.#outbox.drop(this.#item.address);
    this.#tell("state", { item: this.#item, state: this.isDirty ? "unsaved" : "same" });
  }

  #keep(item, data) {
    this.#outbox.put(item.address, { index: item.index, version: item.version, data, before: item.before });
  }

  #send(item, data, options = {}) {
    this.#keep(item, data);
    this.#saving = this.#saving.then(() => this.#save(item, data, options));
  }

  async #save(item, data, { isUndo = false } = {}) {
    if (isSame(data, item.before)) return this.#saved(item, null, data);
    if (item.isContested) return;
    if (this.#parted) return this.#tell("state", this.#parted);
    item.isRefused = false;
    this.#tell("state", { item, state: "saving" });
    let response;
    try {
      response = await this.#request(item, data);
    } catch {
      return this.#lose(item, data);
    }
    const body = await response.json().catch(() => null);
    if (!body && response.status !== 401) {
      this.#lose(item, data); // something in between answered, not we
    } else if (response.ok) {
      if (!isUndo) this.#undoable.push({ address: item.address, before: item.before });
      this.#saved(item, body, data);
    } else if (response.status === 412 && isSame(body.current, data)) {
      this.#saved(item, body, data); // it had arrived, only the answer was lost
    } else if (response.status === 412) {
      item.isContested = true;
      this.#tell("state", { item, state: "unsaved" });
      this.#tell("conflict", { item, mine: data, current: body.current, version: body.version });
    } else if (response.status === 401) {
      this.#part(); // whoever signs in next may be somebody else
    } else if (isForAnother(body)) {
      this.#part(sentenceOf(body));
    } else if (response.status >= 500) {
      this.#lose(item, data);
    } else {
      item.isRefused = true;
      this.#tell("state", { item, state: "refused", sentence: sentenceOf(body) });
    }
  }

  #request(item, data, options) {
    return this.#sender.send(item.address, { data }, { method: "PUT", headers: { "If-Match": `"${item.version}"` }, ...options });
  }

  #part(sentence) {
    this.#parted = { state: "signedOut", sentence };
    this.#tell("state", this.#parted);
  }

  #saved(item, body, data) {
    this.#wait = SOONEST;
    item.before = data;
    if (body) item.version = body.version;
    if (item.form) item.form.elements.version.value = item.version;
    if (isSame(this.#outbox.get(item.address)?.data, data)) this.#outbox.drop(item.address);
    this.#tell("state", { item, state: "saved" });
    if (!body) return;
    this.#channel.postMessage({ index: item.index, version: item.version });
    this.#tell("saved", { item });
  }

  #lose(item, data) {
    this.#keep(item, data);
    this.#tell("state", { item, state: "lost" });
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.resume(), this.#wait);
    this.#wait = Math.min(this.#wait * 2, LATEST);
  }

  #leave() {
    if (this.isDirty && !this.#parted) this.#request(this.#item, this.#data, { keepalive: true }).catch(() => {});
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
