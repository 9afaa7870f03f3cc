// A room's page for visitors: ties the socket, the messages and the composer together, and says who is here.

import { Composer } from "./composer.js";
import { sendForms } from "./forms.js";
import { Messages } from "./messages.js";
import { Refusal } from "./refusal.js";
import { Follower } from "./scroll.js";
import { Socket } from "./socket.js";
import { localise } from "./times.js";

const PATIENCE = 1500; // until what the socket should have brought is fetched instead
const SILENCE = 15000; // after this the page asks whether a live answer is still one
const TYPING_PAUSE = 2000;
const COMES_BACK = new Set(["full", "left"]);

const root = document.querySelector("[data-room]");
const connection = root.querySelector("[data-connection]");
const here = root.querySelector("[data-here]");
const typing = root.querySelector("[data-typing]");
const busy = root.querySelector("[data-busy]");
const list = root.querySelector("[data-messages]");
const form = root.querySelector("[data-composer]");
const refusal = new Refusal(root.querySelector("[data-refusal]"));
const messages = new Messages(list, root.querySelector("[data-announcer]"));
const follower = new Follower(root.querySelector("[data-jump]"));
const composer = form && new Composer(form, refusal, root.dataset.share);
const socket = new Socket(root.dataset.socket);

let wasLost = false;
let hasEnded = false;
let lastFrameAt = Date.now();
let typedAt = 0;

function update() {
  if (composer) composer.isStreaming = messages.isStreaming;
  if (busy) busy.hidden = !messages.isStreaming;
  follower.follow();
}

// What comes in is the same for everybody: here it becomes mine, in my zone, and heard if somebody else said it.
function dress(articles) {
  for (const article of articles) {
    const isMine = article.dataset.guest === root.dataset.me;
    article.classList.toggle("own", isMine);
    localise(article);
  }
}

function hear(article) {
  if (!article.classList.contains("said") || article.classList.contains("own")) return;
  messages.announce(`${article.querySelector("h2").textContent.trim()}: ${article.querySelector(".bubble")?.textContent}`);
}

function show(frame) {
  const { type, data } = frame;
  if (type === "seat") sit(data);
  else if (type === "presence") tellWhoIsHere(data);
  else if (type === "closed") close(data);
  else if (type === "status" && !messages.has(data.message_id)) refresh().then(() => messages.show(frame));
  else {
    const isNew = type === "entry" && !messages.has(data.message_id);
    messages.show(frame);
    if (data.html) dress([list.querySelector(`[data-message="${CSS.escape(data.message_id)}"]`)]);
    if (isNew) hear(list.lastElementChild);
  }
}

// The page was drawn for another seat: it is drawn anew, and what was typed is kept. Or before the last message came.
function sit({ state, can_write: canWrite, last_message_id: last }) {
  if (state !== "in" || String(canWrite) !== root.dataset.canWrite) location.reload();
  else if (last && !messages.has(last)) refresh();
}

function tellWhoIsHere({ current_users: n, max_concurrent_users: max, waiting, typing: names }) {
  here.textContent = `${n} of ${max} here${waiting ? `, ${waiting} waiting` : ""}`;
  typing.textContent = sentence(names);
}

function sentence(names) {
  if (names.length === 0) return "";
  if (names.length === 1) return `${names[0]} is typing …`;
  return names.length === 2 ? `${names[0]} and ${names[1]} are typing …` : `${names.length} people are typing …`;
}

// What was seen stays; what can no longer be done goes.
function close({ reason, message }) {
  socket.end(message);
  root.querySelector("[data-again]").hidden = !COMES_BACK.has(reason);
}

async function refresh() {
  if (hasEnded) return;
  try {
    await messages.refresh();
    dress(list.querySelectorAll("[data-message]"));
  } catch {
    // The socket comes back by itself, and then the list is fetched again.
  }
}

function end(sentence) {
  hasEnded = true;
  for (const article of list.querySelectorAll('[data-status="streaming"]')) {
    messages.show({ type: "done", data: { message_id: article.dataset.message, stopped: true } });
  }
  const held = root.contains(document.activeElement);
  for (const part of root.querySelectorAll("[data-part], [data-tools]")) part.remove();
  connection.textContent = typing.textContent = here.textContent = "";
  const notice = root.querySelector("[data-ended]");
  notice.hidden = false;
  notice.querySelector("[data-ended-text]").textContent = sentence;
  if (held) notice.focus({ preventScroll: true });
  follower.follow();
}

function tellTyping() {
  if (!form.elements.content.value.trim() || Date.now() - typedAt < TYPING_PAUSE) return;
  typedAt = Date.now();
  socket.send({ type: "typing" });
}

function expect(id) {
  typedAt = 0;
  follower.jump();
  setTimeout(() => messages.has(id) || refresh(), PATIENCE);
}

// What appears at the lower edge must not cover the end of what is read.
new ResizeObserver(() => follower.follow()).observe(root.querySelector("[data-dock]"));
messages.addEventListener("change", update);
composer?.addEventListener("sent", (event) => expect(event.detail));
form?.addEventListener("input", tellTyping);
socket.addEventListener("open", () => {
  connection.textContent = "";
  if (wasLost) refresh();
  wasLost = false;
});
socket.addEventListener("lost", () => {
  wasLost = true;
  connection.textContent = "Connection lost – reconnecting …";
});
socket.addEventListener("end", (event) => end(event.detail));
socket.addEventListener("frame", (event) => {
  lastFrameAt = Date.now();
  show(event.detail);
});
setInterval(() => {
  if (messages.isStreaming && Date.now() - lastFrameAt > SILENCE) refresh();
}, SILENCE);

sendForms(refusal);
update();
if (matchMedia("(pointer: fine)").matches) composer?.focus();
