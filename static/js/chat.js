// A chat's page: ties the socket, the messages and the composer together.

import { Composer, post, showMeter, UNREACHED } from "./composer.js";
import { Feed } from "./feed.js";
import { catchDrops } from "./files.js";
import { fetchPage, Messages } from "./messages.js";
import { OwnPlace, Readers } from "./readers.js";
import { Refusal } from "./refusal.js";
import { Follower } from "./scroll.js";
import { Socket } from "./socket.js";
import { areTyping, Typist } from "./typing.js";

const SIGNED_OUT = 4401;

const root = document.querySelector("[data-chat]");
const connection = root.querySelector("[data-connection]");
const refusal = new Refusal(root.querySelector("[data-refusal]"));
const form = root.querySelector("[data-composer]");
const meter = root.querySelector("[data-meter]");
const messages = new Messages(root.querySelector("[data-messages]"), root.querySelector("[data-announcer]"));
const follower = new Follower(root.querySelector("[data-jump]"));
const composer = form && new Composer(form, refusal, root.dataset.chatId);
const socket = new Socket(root.dataset.socket);
const feed = new Feed(socket, messages);
const typist = form && new Typist(form, socket);
const company = root.querySelector("[data-company]");

const list = root.querySelector("[data-messages]");
const readers = new Readers(list, root.querySelector("[data-readers]"));
const ownPlace = new OwnPlace(root.querySelector("[data-read-form]"), list);

function update() {
  if (composer) composer.isStreaming = messages.isStreaming;
  follower.follow();
  noteReading();
}

// Nobody else asks how far whoever is alone has read.
function noteReading() {
  if (follower.isAtEnd && (readers.hasAny || list.querySelector(".other"))) ownPlace.note();
}

function show(frame) {
  if (frame.type === "state") seeState(frame.data);
  else if (frame.type === "chat") rename(frame.data.title);
  else if (frame.type === "closed") close(frame.data);
  else if (frame.type === "company") seeCompany(frame.data);
  else if (frame.type === "read") noteReader(frame.data);
  else if (frame.type === "rights") location.reload(); // what was typed is kept
  else messages.show(frame);
  if (["entry", "done", "error"].includes(frame.type)) showReaders();
  if (frame.type === "error" && meter?.childElementCount) remeasure();
}

function seeState(state) {
  rename(state.title);
  feed.catchUp(state);
}

function noteReader(reader) {
  readers.note(reader);
  follower.follow();
}

function showReaders() {
  readers.show();
  follower.follow();
}

// A call that failed without any text is given back.
async function remeasure() {
  const page = await fetchPage().catch(() => null);
  const fresh = page?.querySelector("[data-meter]");
  if (fresh) showMeter(fresh.innerHTML);
}

// Who else is here, and who of them is writing, which changes far more often.
function seeCompany({ visitors, sentence, typing }) {
  const news = `${visitors} ${sentence}`;
  if (company && company.dataset.company !== news) {
    company.dataset.company = news;
    company.textContent = sentence || (company.hidden ? "" : "No longer shared by link");
    company.hidden = !company.textContent;
    document.dispatchEvent(new Event("company"));
  }
  root.querySelector("[data-typing]").replaceChildren(...areTyping(typing));
}

function rename(title) {
  for (const element of document.querySelectorAll("[data-title]")) element.textContent = title;
  document.title = `${title} – Parley`;
}

// Whoever signs in again goes on; without the chat what was seen and typed stays to be read.
function close({ reason, code }) {
  socket.end(code === SIGNED_OUT ? reason : "");
  if (code === SIGNED_OUT) return;
  const hadFocus = form?.contains(document.activeElement);
  if (form) form.inert = true;
  const notice = root.querySelector("[data-ended]");
  notice.hidden = false;
  notice.querySelector("[data-ended-text]").textContent = reason;
  if (hadFocus) notice.focus({ preventScroll: true });
}

function expect(id) {
  typist?.rest();
  follower.jump();
  feed.expect(id);
}

if (!form) catchDrops(() => {}); // nothing can be sent here
// What appears at the lower edge must not cover the end of what is read.
new ResizeObserver(() => follower.follow()).observe(root.querySelector("[data-dock]"));
messages.addEventListener("change", update);
composer?.addEventListener("sent", (event) => expect(event.detail));

socket.addEventListener("open", () => {
  connection.textContent = "";
  if (refusal.sentence === UNREACHED) refusal.say("");
});
socket.addEventListener("lost", () => {
  connection.textContent = "Connection lost – reconnecting …";
});
socket.addEventListener("end", (event) => {
  connection.textContent = event.detail;
});
feed.addEventListener("frame", (event) => show(event.detail));
feed.addEventListener("refreshed", showReaders);
addEventListener("scroll", noteReading, { passive: true });
document.addEventListener("visibilitychange", noteReading);
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
