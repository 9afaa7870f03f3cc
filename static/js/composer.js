// The field a message is written in. What was typed stays until the server has taken it.

import { Attachments } from "./attachments.js";
import { catchDrops, catchPastes } from "./files.js";

const LOST = "The message could not be sent. It is kept here; try again.";
export const UNREACHED = "The server cannot be reached. Try again when the connection is back.";
const NO_FILES = "This agent takes no files.";
const SIGNED_OUT = "You were signed out. Your text is kept: reload the page, sign in if it asks you to, and send it then.";

// Posts a form and returns its JSON; throws an Error with a sentence for people, and for how many seconds it holds.
export async function post(form, lost = UNREACHED) {
  let response;
  try {
    response = await fetch(form.action, {
      method: "POST",
      body: bodyOf(form),
      headers: { Accept: "application/json" },
    });
  } catch {
    throw new Error(lost);
  }
  const body = await response.json().catch(() => null);
  // After signing in again elsewhere the page's form token is an old one: 403, with a page for an answer.
  if (response.redirected || (response.status === 403 && !body)) throw new Error(SIGNED_OUT);
  if (body?.meter) showMeter(body.meter);
  const seconds = Number(response.headers.get("Retry-After"));
  if (!response.ok) throw Object.assign(new Error(body?.detail ?? lost), { seconds });
  return body;
}

// Only files need the long form; a file field without any holds a nameless one.
function bodyOf(form) {
  const data = new FormData(form);
  const texts = [...data].filter(([, value]) => typeof value === "string");
  const files = [...data.values()].filter((value) => value instanceof File && value.name);
  return files.length ? data : new URLSearchParams(texts);
}

// Shows how many calls are left, as the server draws it.
export function showMeter(html) {
  const meter = document.querySelector("[data-meter]");
  if (meter) meter.innerHTML = html;
}

export class Composer extends EventTarget {
  #form;
  #field;
  #files;
  #key;
  #draft;
  #limit;
  #send;
  #stop;
  #refusal;
  #isBusy = false;
  #isStreaming = false;

  constructor(form, refusal, chatId) {
    super();
    this.#form = form;
    this.#refusal = refusal;
    this.#field = form.elements.content;
    this.#files = form.elements.files && new Attachments(form, (sentence) => this.#refusal.say(sentence));
    this.#key = form.elements.idempotency_key;
    this.#limit = Number(form.dataset.max);
    this.#send = form.querySelector("[data-send]");
    this.#stop = form.querySelector("[data-stop]");
    this.#draft = `draft-${chatId}`;
    this.#field.value ||= sessionStorage.getItem(this.#draft) ?? "";
    catchDrops((files) => this.#take(files), this.#files && form);
    catchPastes((files) => this.#take(files), this.#field);
    this.#field.addEventListener("input", () => this.#typed());
    this.#field.addEventListener("keydown", (event) => this.#pressed(event));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#fit();
  }

  set isStreaming(value) {
    this.#isStreaming = value;
    if (this.#stop) {
      if (!value && document.activeElement === this.#stop) this.focus(); // it is about to be hidden
      this.#stop.hidden = !value;
    }
    this.#update();
  }

  focus() {
    this.#field.focus({ preventScroll: true });
  }

  get isEmpty() {
    return !this.#field.value.trim();
  }

  // Characters are counted as the server does, which takes an emoji for one.
  get #excess() {
    return [...this.#field.value].length - this.#limit;
  }

  #take(files) {
    if (this.#files) this.#files.add(files);
    else this.#refusal.say(this.#form.dataset.noFiles ?? NO_FILES);
  }

  #typed() {
    sessionStorage.setItem(this.#draft, this.#field.value);
    const n = this.#excess;
    const excess = `${n} character${n === 1 ? "" : "s"}`;
    this.#refusal.say(n > 0 ? `This is ${excess} too long. Shorten it or send it in parts.` : "");
    this.#fit();
  }

  #pressed(event) {
    // Enter that ends the composition of, say, Japanese text is not meant to send.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.#submit();
  }

  async #submit() {
    const isEmpty = this.isEmpty && !this.#files?.count;
    if (this.#isBusy || this.#isStreaming || this.#excess > 0 || isEmpty) return;
    this.#isBusy = true;
    this.#update();
    const sent = this.#field.value;
    try {
      const { message_id: id } = await post(this.#form, LOST);
      this.#taken(sent);
      this.dispatchEvent(new CustomEvent("sent", { detail: id }));
    } catch (error) {
      this.#refusal.say(error.message, error.seconds);
    } finally {
      this.#isBusy = false;
      this.#update();
    }
  }

  #taken(sent) {
    if (this.#field.value === sent) this.#field.value = "";
    this.#files?.clear();
    sessionStorage.setItem(this.#draft, this.#field.value);
    this.#renewKey();
    this.#refusal.say("");
    document.querySelector("[data-pause]")?.remove(); // the agent is tried again
    this.#fit();
  }

  // A visitor's messages have none.
  #renewKey() {
    const random = crypto.getRandomValues(new Uint32Array(4));
    if (this.#key) this.#key.value = Array.from(random, (number) => number.toString(16)).join("-");
  }

  #update() {
    const isOff = this.#isBusy || this.#isStreaming;
    if (isOff && document.activeElement === this.#send) this.focus(); // what is disabled loses it to nothing
    this.#send.disabled = isOff;
    if (!this.#files) return;
    this.#files.isBusy = this.#isBusy;
    this.#send.textContent = this.#isBusy && this.#files.count ? "Sending …" : "Send";
  }

  #fit() {
    this.#field.style.height = "auto";
    this.#field.style.height = `${this.#field.scrollHeight}px`;
  }
}
