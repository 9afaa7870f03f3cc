// The links of a chat: on a page of their own, and in a dialog over the chat's page, which shows parts of such pages.

import { addCopyButtons } from "./copy.js";
import { localise } from "./times.js";

const LOST = "The server cannot be reached. Try again when the connection is back.";
const COUNTED_EVERY = 5000;

const dialog = document.querySelector("[data-links-dialog]");
const place = dialog?.querySelector("[data-links-place]") ?? document;

async function fetchPart(address, options) {
  const response = await fetch(address, { ...options, headers: { Accept: "text/html" } });
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const refusal = response.ok ? null : page.querySelector("[data-refusal]")?.textContent;
  return { part: page.querySelector("[data-links]"), address: response.url, refusal };
}

// Shows another part, or why there is none. Any other page, like that to sign in on, is opened as what it is.
async function show(address, options) {
  place.ariaBusy = "true";
  place.inert = true;
  try {
    const found = await fetchPart(address, options);
    if (found.part) put(found.part, found.address);
    else if (found.refusal) tell(found.refusal);
    else location.assign(options ? location.href : found.address);
  } catch {
    tell(LOST);
  } finally {
    place.inert = false;
    place.ariaBusy = "false";
  }
  focusOn(place);
}

function put(part, address) {
  place.replaceChildren(part);
  place.dataset.from = address;
  addCopyButtons(place);
  localise(place);
  dialog.scrollTop = 0;
}

// Where a reader goes on: at what is wrong, at the new link, or at the part's beginning.
function focusOn(root) {
  const first = root.querySelector("[autofocus], .shown-once [data-copy], [data-first]");
  (first ?? dialog).focus();
}

function tell(sentence) {
  const line = document.createElement("p");
  line.className = "notice error";
  line.role = "alert";
  line.textContent = sentence;
  place.querySelector(".notice.error")?.remove();
  place.prepend(line);
}

// Takes the numbers of visitors anew, and a link that has ended; all else stays as the reader has it.
async function recount() {
  if (document.hidden || (dialog && !dialog.open) || !place.querySelector("[data-here]")) return;
  const { part } = await fetchPart(dialog ? place.dataset.from : location.href).catch(() => ({}));
  for (const link of place.querySelectorAll("[data-share]:has([data-here])")) {
    const fresh = part?.querySelector(`#${link.id}`);
    const here = fresh?.querySelector("[data-here]");
    if (here) link.querySelector("[data-here]").textContent = here.textContent;
    else if (fresh) link.replaceWith(fresh);
  }
}

function openDialog(event) {
  event.preventDefault();
  dialog.showModal();
  show(event.currentTarget.href);
}

if (dialog) {
  for (const opener of document.querySelectorAll("[data-links-open]")) opener.addEventListener("click", openDialog);
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => place.replaceChildren());
  place.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-in-place]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    show(link.href);
  });
  place.addEventListener("submit", (event) => {
    event.preventDefault();
    show(event.target.action, { method: "POST", body: new URLSearchParams(new FormData(event.target)) });
  });
  document.addEventListener("company", recount); // the chat's own page hears of visitors
} else {
  addCopyButtons(document);
  setInterval(recount, COUNTED_EVERY);
}
