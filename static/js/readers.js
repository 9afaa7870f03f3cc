// How far everybody has read: the others, told under the last message that each has; and we, told to the server.

const PAUSE = 2000;

export class Readers {
  #list;
  #places = new Map(); // of each reader the name and the place

  constructor(list, source) {
    this.#list = list;
    for (const { dataset, textContent } of source.children) {
      this.#places.set(dataset.reader, { name: textContent, position: Number(dataset.position) });
    }
  }

  get hasAny() {
    return this.#places.size > 0;
  }

  note({ user_id: id, name, position }) {
    this.#places.set(id, { name, position });
    this.show();
  }

  // Call it when messages came or were drawn anew.
  show() {
    for (const line of this.#list.querySelectorAll("[data-read-by]")) line.remove();
    const articles = [...this.#list.querySelectorAll("[data-position]")];
    const names = new Map();
    for (const { name, position } of this.#places.values()) {
      const last = articles.findLast((article) => Number(article.dataset.position) <= position);
      if (last) names.set(last, [...(names.get(last) ?? []), name]);
    }
    for (const [article, who] of names) article.append(lineOf(who));
  }
}

function lineOf(names) {
  const line = document.createElement("p");
  line.className = "read-by";
  line.dataset.readBy = "";
  line.textContent = `Read by ${names.join(", ")}`;
  return line;
}

export class OwnPlace {
  #form;
  #list;
  #told;
  #timer = null;

  constructor(form, list) {
    this.#form = form;
    this.#list = list;
    this.#told = Number(form.dataset.told); // what a page fetched in advance showed, nobody noted
  }

  // Call it while the end is in view: it is told once in a while, and only by a page that somebody sees.
  note() {
    if (this.#timer || document.visibilityState !== "visible" || this.#last <= this.#told) return;
    this.#timer = setTimeout(() => this.#tell(), PAUSE);
  }

  async #tell() {
    const position = this.#last;
    this.#form.elements.position.value = position;
    try {
      const response = await fetch(this.#form.action, { method: "POST", body: new URLSearchParams(new FormData(this.#form)) });
      if (response.ok) this.#told = position;
    } catch {
      // The next look tells it.
    }
    this.#timer = null;
  }

  get #last() {
    const articles = this.#list.querySelectorAll("[data-position]");
    return Number(articles[articles.length - 1]?.dataset.position ?? 0);
  }
}
