// A chat's page: ties the socket, the messages and the composer together.

import { Composer, post, showMeter, UNREACHED } from "./composer.js";
import { catchDrops } from "./files.js";
import { fetchPage, Messages } from "./messages.js";
import { OwnPlace, Readers } from "./readers.js";
import { Refusal } from "./refusal.js";
import { Follower } from "./scroll.js";
import { Socket } from "./socket.js";
import { areTyping, Typist } from "./typing.js";

const PATIENCE = 1500; // until what the socket should have brought is fetched instead
const SILENCE = 15000; // after this the page asks whether a live answer is still one

const root = document.querySelector("[data-chat]");
const connection = root.querySelector("[data-connection]");
const refusal = new Refusal(root.querySelector("[data-refusal]"));
const form = root.querySelector("[data-composer]");
const meter = root.querySelector("[data-meter]");
const messages = new Messages(root.querySelector("[data-messages]"), root.querySelector("[data-announcer]"));
const follower = new Follower(root.querySelector("[data-jump]"));
const composer = form && new Composer(form, refusal, root.dataset.chatId);
const socket = new Socket(root.dataset.socket);
const typist = form && new Typist(form, socket);
const company = root.querySelector("[data-company]");

const list = root.querySelector("[data-messages]");
const readers = new Readers(list, root.querySelector("[data-readers]"));
const ownPlace = new OwnPlace(root.querySelector("[data-read-form]"), list);

let held = null; // frames that arrive while the list is fetched: they are newer than it
let wasLost = false;
let lastFrameAt = Date.now();

function update() {
  if (composer) composer.isStreaming = messages.isStreaming;
  follower.follow();
  noteReading();
}

// Nobody else asks how far whoever is alone has read.
function noteReading() {
  if (follower.isAtEnd && (readers.hasAny || list.querySelector(".other"))) ownPlace.note();
}

async function refresh(...frames) {
  if (held) return;
  held = frames;
  try {
    await messages.refresh();
    readers.show();
  } catch {
    // The socket comes back by itself, and then the list is fetched again.
  }
  const waiting = held;
  held = null;
  for (const frame of waiting) apply(frame);
}

function show(frame) {
  const isUnknown = frame.type === "status" && !messages.has(frame.data.message_id);
  if (held) held.push(frame);
  // The answer began before the socket was open: the list is fetched first, then its text has a place to go.
  else if (isUnknown) refresh(frame);
  else apply(frame);
}

function apply(frame) {
  if (frame.type === "chat") rename(frame.data.title);
  else if (frame.type === "closed") socket.end(frame.data.reason);
  else if (frame.type === "company") seeCompany(frame.data);
  else if (frame.type === "read") readers.note(frame.data);
  else if (frame.type === "rights") location.reload(); // what was typed is kept
  else messages.show(frame);
  if (["entry", "done", "error"].includes(frame.type)) readers.show();
  if (frame.type === "error" && meter?.childElementCount) remeasure();
}

// A call that failed without any text is given back.
async function remeasure() {
  const page = await fetchPage().catch(() => null);
  const fresh = page?.querySelector("[data-meter]");
  if (fresh) showMeter(fresh.innerHTML);
}

// Who else is here, and who of them is writing.
function seeCompany({ sentence, typing }) {
  if (company) {
    company.textContent = sentence;
    company.hidden = !sentence;
  }
  root.querySelector("[data-typing]").textContent = areTyping(typing);
}

function rename(title) {
  for (const element of document.querySelectorAll("[data-title]")) element.textContent = title;
  document.title = `${title} – Parley`;
}

function expect(id) {
  typist?.rest();
  follower.jump();
  setTimeout(() => messages.has(id) || refresh(), PATIENCE);
}

function expectFrames() {
  const openedAt = Date.now();
  setTimeout(() => messages.isStreaming && lastFrameAt < openedAt && refresh(), PATIENCE);
}

if (!form) catchDrops(() => {}); // nothing can be sent here
// What appears at the lower edge must not cover the end of what is read.
new ResizeObserver(() => follower.follow()).observe(root.querySelector("[data-dock]"));
messages.addEventListener("change", update);
composer?.addEventListener("sent", (event) => expect(event.detail));

socket.addEventListener("open", () => {
  connection.textContent = "";
  if (refusal.sentence === UNREACHED) refusal.say("");
  if (wasLost) refresh();
  wasLost = false;
  expectFrames();
});
socket.addEventListener("lost", () => {
  wasLost = true;
  connection.textContent = "Connection lost – reconnecting …";
});
socket.addEventListener("end", (event) => {
  connection.textContent = event.detail;
});
socket.addEventListener("frame", (event) => {
  lastFrameAt = Date.now();
  show(event.detail);
});
addEventListener("scroll", noteReading, { passive: true });
document.addEventListener("visibilitychange", noteReading);
setInterval(() => {
  if (messages.isStreaming && Date.now() - lastFrameAt > SILENCE) refresh();
}, SILENCE);

for (const [selector, started] of [
  ["[data-stop-form]", () => {}],
  ["[data-retry-form]", (body) => expect(body.message_id)],
]) {
  root.querySelector(selector).addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      started(await post(event.target));
      refusal.say("");
    } catch (error) {
      refusal.say(error.message, error.seconds);
    }
  });
}

update();
if (matchMedia("(pointer: fine)").matches) composer?.focus();
