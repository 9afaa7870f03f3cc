// Keeps parts of a page fresh while something is being asked: the page is fetched again, and the parts that changed are
// put in place of the old ones. Whoever shows the answers hears `bench:progress`.

const SLOWEST = 30_000;
const SAID_EVERY = 20_000;

class Live {
  #root;
  #every;
  #timer;
  #looking = Promise.resolve();
  #failures = 0;
  #adrift = "";
  #isSending = false;
  #saidAt = Date.now();

  constructor(root) {
    this.#root = root;
    this.#every = Number(root.dataset.every);
    this.#find("#run-form")?.addEventListener("submit", (event) => this.#send(event));
    document.addEventListener("visibilitychange", () => document.hidden || this.#plan(0));
    this.#dress();
    this.#plan(this.#every);
  }

  #find(selector) {
    return this.#root.querySelector(selector);
  }

  #dress() {
    this.#find("[data-refresh]")?.remove();
  }

  #plan(wait) {
    clearTimeout(this.#timer);
    if (this.#find("[data-running]")) this.#timer = setTimeout(() => this.#look(), wait);
  }

  // One look after the other: what was asked for before a button was pressed must not be shown after it.
  #look() {
    this.#looking = this.#looking.then(() => this.#fetch());
    return this.#looking;
  }

  async #fetch() {
    if (document.hidden) return;
    try {
      const response = await fetch(this.#root.dataset.live, { cache: "no-store" });
      if (response.redirected || response.status === 404) return this.#end();
      if (!response.ok) throw new Error(response.status);
      this.#show(await response.text());
      this.#failures = 0;
      this.#connection("");
    } catch {
      this.#failures += 1;
      this.#connection(this.#root.dataset.offline);
    }
    this.#plan(Math.min(this.#every * 2 ** this.#failures, SLOWEST));
  }

  // Signed out, or the session was deleted. The page is left alone: somebody may be writing on it.
  #end() {
    clearTimeout(this.#timer);
    this.#connection(this.#root.dataset.gone);
  }

  #connection(sentence) {
    const line = this.#find("[data-connection]");
    if (line.textContent !== sentence) line.textContent = sentence;
  }

  #show(html) {
    const fresh = new DOMParser().parseFromString(html, "text/html");
    const before = this.#standing();
    for (const part of this.#root.querySelectorAll("[data-part]")) {
      const next = fresh.getElementById(part.id);
      next?.querySelector("[data-refresh]")?.remove();
      if (next && next.outerHTML !== part.outerHTML) this.#replace(part, next);
    }
    const after = this.#standing();
    if (after && JSON.stringify(after) !== JSON.stringify(before)) this.#tell(before, after);
  }

  // Who had the focus on what is gone gets it on what takes its place, also when that comes later.
  #replace(part, next) {
    const focused = document.activeElement;
    const wasHere = part.contains(focused);
    part.replaceWith(next);
    if (!wasHere && !(this.#adrift === part.id && focused === document.body)) return;
    const heir = (focused.id && next.querySelector(`#${CSS.escape(focused.id)}`)) || next.querySelector("button, a");
    heir?.focus({ preventScroll: true });
    this.#adrift = heir ? "" : part.id;
  }

  #standing() {
    const figures = this.#find("#run-figures");
    return figures && { done: +figures.dataset.done, failed: +figures.dataset.failed, state: figures.dataset.state };
  }

  #tell(before, after) {
    const detail = { ...after, session: this.#root.dataset.session };
    document.dispatchEvent(new CustomEvent("bench:progress", { detail }));
    if (before.state === after.state && Date.now() - this.#saidAt < SAID_EVERY) return;
    this.#saidAt = Date.now();
    const words = [...this.#root.querySelectorAll("#run-figures strong, #run-figures [data-says]")];
    this.#find("[data-announcer]").textContent = words.map((word) => word.textContent.trim()).join(", ");
  }

  async #send(event) {
    event.preventDefault();
    if (this.#isSending) return;
    this.#isSending = true;
    const { submitter, target: form } = event;
    const refusal = this.#find("[data-refusal]");
    const body = new URLSearchParams(new FormData(form, submitter));
    const address = form.getAttribute("action"); // its property of that name is a button
    try {
      const response = await fetch(address, { method: "POST", body, headers: { Accept: "application/json" } });
      const said = response.ok ? null : await response.json();
      refusal.textContent = said?.detail ?? "";
    } catch {
      refusal.textContent = this.#root.dataset.offline;
    }
    refusal.hidden = !refusal.textContent;
    this.#isSending = false;
    await this.#look();
  }
}

for (const root of document.querySelectorAll("[data-live]")) new Live(root);
