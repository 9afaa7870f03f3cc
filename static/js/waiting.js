// The waiting room: says who comes before, and goes in when a place is free.

import { sendForms } from "./forms.js";
import { Refusal } from "./refusal.js";
import { Socket } from "./socket.js";

const root = document.querySelector("[data-waiting]");
const place = root.querySelector("[data-place]");
const connection = root.querySelector("[data-connection]");
const ended = root.querySelector("[data-ended]");
const socket = new Socket(root.dataset.socket);

function words(ahead) {
  if (ahead === 0) return "You are next.";
  return ahead === 1 ? "1 person waits before you." : `${ahead} people wait before you.`;
}

function show({ type, data }) {
  if (type === "seat" && data.state === "in") location.reload();
  else if (type === "seat") place.textContent = words(data.ahead);
  else if (type === "closed") socket.end(data.message);
}

socket.addEventListener("frame", (event) => show(event.detail));
socket.addEventListener("open", () => (connection.textContent = ""));
socket.addEventListener("lost", () => (connection.textContent = "Connection lost – reconnecting …"));
socket.addEventListener("end", (event) => {
  connection.textContent = "";
  for (const part of root.querySelectorAll("[data-part]")) part.remove();
  ended.textContent = event.detail;
  ended.hidden = false;
  if (document.activeElement === document.body) ended.focus();
});
sendForms(new Refusal(ended));
