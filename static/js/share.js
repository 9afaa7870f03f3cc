// A room's page for visitors: ties the socket, the messages and the composer together, and says who is here.

import { Composer, UNREACHED } from "./composer.js";
import { Feed } from "./feed.js";
import { sendForms } from "./forms.js";
import { Messages } from "./messages.js";
import { Refusal } from "./refusal.js";
import { Follower } from "./scroll.js";
import { Socket } from "./socket.js";
import { localise } from "./times.js";
import { areTyping, Typist } from "./typing.js";

const COMES_BACK = new Set(["full", "left"]);
const FEW_LEFT = 20;

const root = document.querySelector("[data-room]");
const connection = root.querySelector("[data-connection]");
const here = root.querySelector("[data-here]");
const typing = root.querySelector("[data-typing]");
const busy = root.querySelector("[data-busy]");
const left = root.querySelector("[data-left]");
const usedUp = root.querySelector("[data-used-up]");
const list = root.querySelector("[data-messages]");
const form = root.querySelector("[data-composer]");
const refusal = new Refusal(root.querySelector("[data-refusal]"));
const messages = new Messages(list, root.querySelector("[data-announcer]"));
const follower = new Follower(root.querySelector("[data-jump]"));
const composer = form && new Composer(form, refusal, root.dataset.share);
const socket = new Socket(root.dataset.socket);
const feed = new Feed(socket, messages);
const typist = form && new Typist(form, socket);

function update() {
  if (composer) composer.isStreaming = messages.isStreaming;
  if (busy) busy.hidden = form.hidden || !messages.isStreaming;
  follower.follow();
}

// What the socket brings is the same for everybody: here it becomes one's own, and its time the reader's.
function dress(article) {
  article.classList.toggle("own", article.dataset.guest === root.dataset.me);
  localise(article);
}

function show({ type, data }) {
  if (type === "seat") sit(data);
  else if (type === "presence") seeWhoIsHere(data);
  else if (type === "closed") close(data);
  else showMessage({ type, data });
}

function showMessage(frame) {
  const { message_id: id, html } = frame.data;
  const isNew = frame.type === "entry" && !messages.has(id);
  messages.show(frame);
  const article = html && list.querySelector(`[data-message="${CSS.escape(id)}"]`);
  if (article) dress(article);
  if (article && isNew && article.matches(".said:not(.own)")) hear(article);
}

function hear(article) {
  const parts = article.querySelectorAll("h2, .bubble");
  messages.announce([...parts].map((part) => part.textContent.trim()).join(": "));
}

// Drawn for another seat, the page is drawn anew, and what was typed is kept. Something may have been said meanwhile.
function sit(seat) {
  if (seat.state !== "in" || String(seat.can_write) !== root.dataset.canWrite) location.reload();
  else feed.catchUp(seat);
}

function seeWhoIsHere({ current_users: n, max_concurrent_users: most, waiting, messages_left: more, typing: names }) {
  here.textContent = `${n} of ${most} here${waiting ? `, ${waiting} waiting` : ""}`;
  typing.replaceChildren(...areTyping(names));
  if (usedUp) count(more);
}

// Nobody's text is taken away: who has begun a message when the last was sent keeps the field, and is refused.
function count(n) {
  if (!form && n) location.reload();
  if (!form) return;
  const hadFocus = form.contains(document.activeElement);
  form.hidden = !n && composer.isEmpty;
  usedUp.hidden = !form.hidden;
  left.hidden = form.hidden || n > FEW_LEFT;
  left.textContent = `${n} message${n === 1 ? "" : "s"} left on this link.`;
  left.dataset.left = n;
  if (form.hidden && hadFocus) usedUp.focus({ preventScroll: true });
  update();
}

function close({ reason, message }) {
  root.querySelector("[data-again]").hidden = !COMES_BACK.has(reason);
  socket.end(message);
}

function keepUnsent() {
  const unsent = root.querySelector("[data-unsent]");
  unsent.hidden = composer.isEmpty;
  unsent.querySelector("textarea").value = form.elements.content.value;
}

// What was seen stays, and what was typed; what can no longer be done goes.
function end(sentence) {
  for (const article of list.querySelectorAll('[data-status="streaming"]')) {
    messages.show({ type: "done", data: { message_id: article.dataset.message, stopped: true } });
  }
  const hadFocus = document.activeElement === document.body || root.contains(document.activeElement);
  if (composer) keepUnsent();
  for (const part of root.querySelectorAll("[data-part], [data-tools]")) part.remove();
  for (const line of [connection, typing, here]) line.textContent = "";
  const notice = root.querySelector("[data-ended]");
  notice.hidden = false;
  notice.querySelector("[data-ended-text]").textContent = sentence;
  if (hadFocus) notice.focus({ preventScroll: true });
  follower.follow();
}

// What appears at the lower edge must not cover the end of what is read.
new ResizeObserver(() => follower.follow()).observe(root.querySelector("[data-dock]"));
messages.addEventListener("change", update);
composer?.addEventListener("sent", (event) => {
  typist.rest();
  count(Number(left.dataset.left));
  follower.jump();
  feed.expect(event.detail);
});
feed.addEventListener("frame", (event) => show(event.detail));
feed.addEventListener("refreshed", () => list.querySelectorAll("[data-message]").forEach(dress));
socket.addEventListener("open", () => {
  connection.textContent = "";
  if (refusal.sentence === UNREACHED) refusal.say("");
});
socket.addEventListener("lost", () => (connection.textContent = "Connection lost – reconnecting …"));
socket.addEventListener("end", (event) => end(event.detail));

sendForms(refusal);
update();
if (matchMedia("(pointer: fine)").matches) composer?.focus();
