// The list of messages: puts in what the socket's frames bring.

import { addCopyButtons } from "./copy.js";

const SPOKEN_AFTER = 5000;

// Returns this page as the server draws it now; null if it is no longer to be had.
export async function fetchPage() {
  const response = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!response.ok || response.redirected) return null;
  return new DOMParser().parseFromString(await response.text(), "text/html");
}

export class Messages extends EventTarget {
  #list;
  #announcer;
  #unread = new Set(); // live answers whose text comes again from its start

  constructor(list, announcer) {
    super();
    this.#list = list;
    this.#announcer = announcer;
    addCopyButtons(list);
  }

  get isStreaming() {
    return this.#list.querySelector('[data-status="streaming"]') !== null;
  }

  has(id) {
    return this.#find(id) !== null;
  }

  show({ type, data }) {
    const growing = this.#growing(data.message_id);
    if (type === "entry") this.#add(data);
    else if (type === "done" || type === "error") this.#finish(type, data);
    else if (growing && type === "status" && data.notice) this.#tell(growing, data);
    else if (growing && type === "status") this.#begin(growing, data);
    else if (growing && type === "message") this.#grow(growing, data);
    else if (growing && type === "blocks") this.#settle(growing, data);
    else return;
    this.dispatchEvent(new Event("change"));
  }

  // Takes over the list of a freshly fetched page, but keeps an answer that is still growing here.
  async refresh() {
    const page = await fetchPage();
    const fresh = page?.querySelector("[data-messages]");
    if (!fresh) return;
    for (const article of fresh.querySelectorAll('[data-status="streaming"]')) {
      const growing = this.#growing(article.dataset.message);
      if (growing) article.replaceWith(growing);
    }
    this.#list.replaceChildren(...fresh.children);
    addCopyButtons(this.#list);
    this.dispatchEvent(new Event("change"));
  }

  #find(id) {
    return id ? this.#list.querySelector(`[data-message="${CSS.escape(id)}"]`) : null;
  }

  // A fetched list may be newer than frames that wait for it: what has ended there takes no more text.
  #growing(id) {
    const article = this.#find(id);
    return article?.dataset.status === "streaming" ? article : null;
  }

  // An answer that is there already may have grown since it was announced.
  #add({ message_id: id, html }) {
    if (!this.has(id)) this.#put(id, html);
  }

  #put(id, html) {
    const template = document.createElement("template");
    template.innerHTML = html;
    const article = template.content.querySelector("[data-message]");
    const present = this.#find(id);
    if (present) present.replaceWith(article);
    else this.#list.append(article);
    this.#list.querySelector("[data-placeholder]")?.remove();
    addCopyButtons(article);
    return article;
  }

  #finish(type, { message_id: id, html, stopped }) {
    if (!html) return this.#mark(id, type === "error" ? "failed" : stopped ? "stopped" : "complete");
    const told = this.#find(id)?.querySelector("[data-blocks]")?.children.length ?? 0;
    this.#unread.delete(id);
    const article = this.#put(id, html);
    const rest = [...(article.querySelector("[data-blocks]")?.children ?? [])].slice(told);
    const ending = article.querySelector(".ending");
    this.announce([...rest, ending].map((element) => element?.textContent ?? "").join(" "));
  }

  // Without its finished form an answer stays as it is and is only known to have ended.
  #mark(id, status) {
    this.#unread.delete(id);
    const article = this.#find(id);
    if (!article) return;
    article.dataset.status = status;
    article.querySelector(".answering")?.remove();
  }

  // The text comes again from its start, once it is this answer's turn.
  #begin(article, { message_id: id, place, description }) {
    this.#unread.add(id);
    this.#say(article, place ? description : undefined);
  }

  // What the agent does beside the text is said until the text goes on; what it has done is told with the whole.
  #tell(article, { done, description }) {
    if (!done) this.#say(article, description);
  }

  #say(article, words) {
    const line = article.querySelector("[data-answering]");
    const state = words ?? line.dataset.answering;
    if (line.textContent.trim() !== state) line.textContent = state; // what is the same is not spoken again
  }

  #grow(article, { content, replace }) {
    this.#say(article);
    const tail = this.#readied(article, replace);
    tail.append(content);
  }

  #settle(article, { html, tail: text }) {
    const tail = this.#readied(article);
    const template = document.createElement("template");
    template.innerHTML = html;
    this.announce(template.content.textContent);
    addCopyButtons(template.content);
    article.querySelector("[data-blocks]").append(template.content);
    tail.textContent = text;
  }

  // Returns where raw text goes, emptied if the text begins anew; not earlier, so that nothing flickers.
  #readied(article, anew = false) {
    const tail = article.querySelector("[data-tail]");
    if (this.#unread.delete(article.dataset.message) || anew) {
      article.querySelector("[data-blocks]").replaceChildren();
      tail.textContent = "";
    }
    return tail;
  }

  // Screen readers hear whole blocks, not each piece; afterwards nobody shall find the text a second time.
  announce(text) {
    const line = document.createElement("p");
    line.textContent = text.trim();
    this.#announcer.append(line);
    setTimeout(() => line.remove(), SPOKEN_AFTER);
  }
}
