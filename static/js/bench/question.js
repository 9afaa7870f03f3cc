// The question on the page: fetched, drawn, and what is said of its state.

import { localise, spoken } from "../times.js";

const SOONEST = 2_000;
const LATEST = 30_000;
const SAID_FOR = 6_000;

export class Question {
  isLoading = false;
  #root;
  #stage;
  #texts;
  #items;
  #rail;
  #saver;
  #hush;
  #going;
  #catchingUp;
  #again;
  #drafts = new Map(); // index → what was written of a flag that was not raised

  constructor(root, { texts, items, rail, saver }) {
    this.#root = root;
    this.#stage = root.querySelector("[data-stage-of-item]");
    this.#texts = texts;
    this.#items = items;
    this.#rail = rail;
    this.#saver = saver;
    saver.addEventListener("state", ({ detail }) => this.#show(detail));
  }

  get element() {
    return this.find("[data-item]");
  }

  get index() {
    return Number(this.element?.dataset.item); // NaN where nothing is to be shown
  }

  find(selector) {
    return this.#stage.querySelector(selector);
  }

  findAll(selector) {
    return [...this.#stage.querySelectorAll(selector)];
  }

  address(index = this.index) {
    return `${this.#root.dataset.page}?${[`item=${index + 1}`, this.#root.dataset.query].filter(Boolean).join("&")}`;
  }

  async go(index, options = {}) {
    if (this.isLoading) return;
    this.#going = this.#go(index, options);
    await this.#going;
  }

  async #go(index, { isBack = false }) {
    this.isLoading = true;
    this.#stage.setAttribute("aria-busy", "true");
    try {
      await this.#saver.flush();
      if (this.#saver.isStuck) return;
      const fresh = await this.#items.load(index);
      this.#draw(fresh);
      if (!isBack) history.pushState({ index }, "", this.address());
      this.#lookAtHeading();
      this.find("[data-article]").scrollTop = 0;
      if (this.#stage.getBoundingClientRect().top < 0) this.#stage.scrollIntoView();
    } catch ({ cause }) {
      this.#tell("refused", cause ?? this.#texts.gone);
    } finally {
      this.isLoading = false;
      this.#stage.removeAttribute("aria-busy");
    }
  }

  // Draws it anew, unless something unsaved stands in it.
  async redraw() {
    await this.#going; // what is on its way may have been fetched too early
    if (this.isLoading || this.#saver.isDirty) return;
    const fresh = await this.loadAgain();
    if (!fresh || this.isLoading || this.#saver.isDirty) return;
    const focused = document.activeElement?.id;
    const scrolled = this.find("[data-article]").scrollTop;
    this.#draw(fresh);
    this.find("[data-article]").scrollTop = scrolled;
    (document.getElementById(focused) ?? this.find("[data-heading]")).focus({ preventScroll: true });
  }

  // Draws what stands now in place of a form that the saver let go of. That form stays shut until then, and this is
  // tried again, as nothing would be saved of what is written in it.
  async drawChosen(wait = SOONEST) {
    const old = this.element;
    const fresh = await this.loadAgain();
    if (this.element !== old) return;
    if (!fresh) {
      this.#tell("lost", this.#texts.shut);
      setTimeout(() => this.element === old && this.drawChosen(Math.min(wait * 2, LATEST)), wait);
      return;
    }
    this.#draw(fresh);
    this.#lookAtHeading();
  }

  // Whoever was asked for a second opinion sees the others' once they gave their own.
  async showOthers() {
    const fresh = await this.loadAgain();
    if (fresh) this.#replace(fresh.querySelectorAll("[data-told]"));
  }

  // Shows an answer that came since the question was drawn, and leaves alone what somebody writes. One look after the
  // other: what was fetched first must not be shown last.
  catchUp(wait = SOONEST) {
    this.#catchingUp = Promise.all([this.#catchingUp, this.#going]).then(() => this.#catchUp(wait));
  }

  async #catchUp(wait) {
    const { element } = this;
    if (element.dataset.status === "ok") return; // nothing replaces it
    const fresh = await this.loadAgain();
    if (this.element !== element) return;
    clearTimeout(this.#again); // each answer that comes to the session asks for a look
    if (!fresh) {
      this.#again = setTimeout(() => this.element === element && this.catchUp(Math.min(wait * 2, LATEST)), wait);
    } else if (fresh.dataset.answered !== element.dataset.answered) {
      Object.assign(element.dataset, fresh.dataset);
      this.#replace(fresh.querySelectorAll("[data-told], [data-came]"));
    }
  }

  #replace(parts) {
    const focused = document.activeElement;
    for (const part of parts) document.getElementById(part.id).replaceWith(part);
    localise(this.#stage);
    if (!focused.isConnected) this.#lookAtHeading(); // who reads on by keys does not begin with the page again
  }

  dress() {
    const index = this.index;
    const [before, after] = [this.#rail.before(index), this.#rail.after(index)];
    document.title = `${this.element.dataset.title} – Parley`;
    this.#lead("previous", before);
    this.#lead("next", after);
    const place = this.#rail.placeOf(index);
    this.find("[data-place]").textContent = place === undefined ? "" : `${place + 1} / ${this.#rail.indexes.length}`;
    for (const button of document.querySelectorAll("[data-act=undo], [data-act=keys]")) button.hidden = false;
    this.find("[data-save]").hidden = true; // it goes by itself
    this.#saver.attach(this.find("[data-judgement]"), index);
    if (this.#drafts.has(index)) {
      this.find("[data-flag-box]").open = true;
      this.find("#flag-comment").value = this.#drafts.get(index);
    }
    localise(this.#stage);
    this.#rail.show(index);
    this.#items.prefetch(after);
    this.#showElsewhere();
  }

  // Lets go of what was written of a flag that is raised by now, unless something else is written there.
  forgetDraft(index, raised) {
    if (this.#drafts.get(index) === raised) this.#drafts.delete(index);
    if (index !== this.index) return;
    const field = this.find("#flag-comment");
    if (field.value === raised) field.value = "";
  }

  // Returns the same question as it is now, nothing where it cannot be had or another is on the page meanwhile.
  async loadAgain() {
    const index = this.index;
    this.#items.forget(index);
    const fresh = await this.#items.load(index).catch(() => null);
    return index === this.index ? fresh : null;
  }

  #draw(fresh) {
    const draft = this.find("#flag-comment")?.value;
    if (draft) this.#drafts.set(this.index, draft);
    this.#stage.replaceChildren(fresh);
    this.dress();
  }

  #lookAtHeading() {
    this.find("[data-heading]").focus({ preventScroll: true });
  }

  #lead(act, index) {
    const link = this.find(`[data-act=${act}]`);
    link.toggleAttribute("aria-disabled", index === undefined);
    if (index === undefined) link.removeAttribute("href");
    else link.href = this.address(index);
  }

  #tell(state, sentence) {
    this.say(sentence);
    this.#show({ state, sentence });
  }

  say(sentence) {
    const announcer = document.getElementById("review-announcer");
    announcer.textContent = "";
    announcer.textContent = sentence;
    clearTimeout(this.#hush);
    this.#hush = setTimeout(() => announcer.replaceChildren(), SAID_FOR);
  }

  #show({ state, item: saved, sentence }) {
    this.#showElsewhere();
    const line = this.find("[data-state]");
    if (!line || (saved && saved.index !== this.index)) return;
    line.dataset.state = state;
    const words = sentence ?? (this.#texts[state] ?? "").replace("{time}", spoken(new Date())).replace("{version}", saved?.version);
    if (line.textContent !== words) line.textContent = words;
  }

  #showElsewhere() {
    const count = this.#saver.nUnsavedElsewhere;
    const line = this.find("[data-unsaved-elsewhere]");
    const words = count ? this.#texts.elsewhere.replace("{n}", count) : "";
    if (line && line.textContent !== words) line.textContent = words;
  }
}
