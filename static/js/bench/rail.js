// The rail of questions: as high as all of them, while only the rows in sight, and some around them, are there.

const BLOCK = 100;
const MOST_BLOCKS = 6;

export class Rail {
  #scroller;
  #list;
  #address;
  #query;
  #places = new Map(); // index → place
  #height;
  #blocks = new Map(); // number → when it was in sight last
  #current;
  #refreshing = Promise.resolve();

  constructor(root) {
    this.indexes = expand(root.dataset.indexes, Number(root.dataset.items));
    this.indexes.forEach((index, place) => this.#places.set(index, place));
    this.#scroller = root.querySelector("[data-rail]");
    this.#list = root.querySelector("[data-rail-rows]");
    this.#address = root.dataset.railUrl;
    this.#query = root.dataset.query;
    root.querySelectorAll("[data-rail-more]").forEach((link) => link.remove());
    const first = this.#list.querySelector("[data-index]");
    if (!first) return;
    this.#height = first.offsetHeight;
    this.#list.classList.add("is-virtual");
    this.#list.style.height = `${this.indexes.length * this.#height}px`;
    this.#blocks.set(Math.floor(Number(this.#list.dataset.start) / BLOCK), Date.now());
    this.#list.querySelectorAll("[data-index]").forEach((row) => this.#place(row));
    this.#list.addEventListener("keydown", (event) => this.#step(event));
    this.#scroller.addEventListener("scroll", () => this.#look(), { passive: true });
    new ResizeObserver(() => this.#look()).observe(this.#scroller);
  }

  placeOf(index) {
    return this.#places.get(index);
  }

  before(index) {
    return this.indexes.findLast((other) => other < index);
  }

  after(index) {
    return this.indexes.find((other) => other > index);
  }

  // Marks a question as the one on the page and brings it into sight.
  show(index) {
    this.#current = index;
    for (const row of this.#list.querySelectorAll("[data-index]")) this.#mark(row);
    const place = this.#places.get(index);
    if (place === undefined || !this.#height) return;
    const [top, room] = [place * this.#height, this.#scroller.clientHeight];
    if (top < this.#scroller.scrollTop || top + this.#height > this.#scroller.scrollTop + room) {
      this.#scroller.scrollTop = top - room / 2;
    }
    this.#look();
  }

  // Draws rows anew that are there, as something of their questions changed. One time after the other: what was
  // fetched first must not be drawn last.
  refresh(indexes) {
    this.#refreshing = this.#refreshing.then(() => this.#refresh(indexes));
    return this.#refreshing;
  }

  async #refresh(indexes = this.#drawn()) {
    const drawn = new Set(this.#drawn());
    const wanted = indexes.filter((index) => drawn.has(index));
    for (let start = 0; start < wanted.length; start += BLOCK) await this.#load(wanted.slice(start, start + BLOCK));
    if (!wanted.length) await this.#load([]);
  }

  #drawn() {
    return [...this.#list.querySelectorAll("[data-index]")].map((row) => Number(row.dataset.index));
  }

  #look() {
    const { scrollTop, clientHeight } = this.#scroller;
    const last = Math.floor(Math.max(0, this.indexes.length - 1) / BLOCK);
    const from = Math.max(0, Math.floor((scrollTop - clientHeight) / this.#height / BLOCK));
    const to = Math.min(last, Math.floor((scrollTop + 2 * clientHeight) / this.#height / BLOCK));
    for (let number = from; number <= to; number += 1) this.#want(number);
    this.#forget(from, to);
  }

  async #want(number) {
    const isThere = this.#blocks.has(number);
    this.#blocks.set(number, Date.now());
    if (isThere) return;
    const isLoaded = await this.#load(this.indexes.slice(number * BLOCK, (number + 1) * BLOCK));
    if (!isLoaded) this.#blocks.delete(number);
  }

  #forget(from, to) {
    const current = Math.floor(this.#places.get(this.#current) / BLOCK); // where the tabulator stops
    const isAway = ([number]) => (number < from || number > to) && number !== current;
    const away = [...this.#blocks].filter(isAway).sort((a, b) => a[1] - b[1]);
    for (const [number] of away.slice(0, Math.max(0, this.#blocks.size - MOST_BLOCKS))) {
      this.#blocks.delete(number);
      for (const index of this.indexes.slice(number * BLOCK, (number + 1) * BLOCK)) this.#row(index)?.remove();
    }
  }

  #row(index) {
    return this.#list.querySelector(`[data-index="${index}"]`);
  }

  async #load(indexes) {
    const html = await fetched(`${this.#address}?at=${indexes.join(",")}&${this.#query}`).catch(() => null);
    if (html === null) return false;
    const fresh = new DOMParser().parseFromString(html, "text/html");
    const progress = fresh.querySelector("[data-progress]");
    document.querySelector("[data-progress]").replaceChildren(...progress.childNodes);
    for (const count of fresh.querySelectorAll("[data-count]")) {
      document.querySelector(`[data-count="${count.dataset.count}"]`).textContent = count.textContent;
    }
    for (const row of fresh.querySelectorAll("[data-index]")) this.#put(row);
    return true;
  }

  #put(row) {
    this.#mark(row);
    const index = Number(row.dataset.index);
    const old = this.#row(index);
    this.#place(row);
    if (!old) {
      const following = [...this.#list.children].find((other) => Number(other.dataset.index) > index);
      this.#list.insertBefore(row, following ?? null);
      return;
    }
    const hadFocus = old.contains(document.activeElement);
    old.replaceWith(row);
    if (hadFocus) row.querySelector("a").focus({ preventScroll: true });
  }

  #place(row) {
    row.style.transform = `translateY(${this.#places.get(Number(row.dataset.index)) * this.#height}px)`;
  }

  // Hundreds of rows are one stop of the tabulator: the question on the page, the first where that is not among them.
  #mark(row) {
    const link = row.querySelector("a");
    const index = Number(row.dataset.index);
    if (index === this.#current) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
    link.tabIndex = index === (this.#places.has(this.#current) ? this.#current : this.indexes[0]) ? 0 : -1;
  }

  // Leads the focus from row to row.
  #step(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.code];
    const place = this.#places.get(Number(event.target.closest("[data-index]").dataset.index)) + step;
    const link = this.#row(this.indexes[place])?.querySelector("a");
    if (!link) return;
    event.preventDefault();
    link.focus();
  }
}

async function fetched(address) {
  const response = await fetch(address);
  return response.ok && !response.redirected ? response.text() : null;
}

// Reads `0-4,7`; without a text it is all.
function expand(text, count) {
  if (!text) return Array.from({ length: count }, (_, index) => index);
  return text.split(",").flatMap((span) => {
    const [start, end = start] = span.split("-").map(Number);
    return Array.from({ length: end - start + 1 }, (_, step) => start + step);
  });
}
