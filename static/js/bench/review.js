// The review of a session: goes from question to question without loading the page, saves what is said, obeys keys.

import { localise } from "../times.js";
import { choose } from "./conflict.js";
import { Items } from "./items.js";
import { listen } from "./keys.js";
import { Rail } from "./rail.js";
import { Saver } from "./saver.js";

const root = document.querySelector("[data-review]");
const texts = document.querySelector("[data-texts]").dataset;
const stage = root.querySelector("[data-stage-of-item]");
const announcer = document.getElementById("review-announcer");
const conflict = document.querySelector("[data-conflict]");
const rail = new Rail(root);
const items = new Items(root);
const saver = new Saver(root.dataset.review);
const drafts = new Map(); // index → what was written of a flag that was not raised
let isLoading = false;

const item = () => stage.querySelector("[data-item]");
const current = () => Number(item().dataset.item);
const find = (selector) => stage.querySelector(selector);

function say(sentence) {
  announcer.textContent = "";
  announcer.textContent = sentence;
}

function addressOf(index) {
  return `${root.dataset.page}?${[`item=${index + 1}`, root.dataset.query].filter(Boolean).join("&")}`;
}

// Going through

async function go(index, { isBack = false } = {}) {
  if (isLoading) return;
  isLoading = true;
  stage.setAttribute("aria-busy", "true");
  keepDraft();
  try {
    await saver.flush();
    const fresh = await items.load(index);
    stage.replaceChildren(fresh);
    if (!isBack) history.pushState({ index }, "", addressOf(index));
    dress();
    find("[data-heading]").focus({ preventScroll: true });
    find("[data-article]").scrollTop = 0;
    if (stage.getBoundingClientRect().top < 0) stage.scrollIntoView();
  } catch {
    say(texts.gone);
    show({ state: "refused", sentence: texts.gone });
  } finally {
    isLoading = false;
    stage.removeAttribute("aria-busy");
  }
}

// Draws the question on the page anew, unless something unsaved stands in it.
async function redraw() {
  if (isLoading || saver.isDirty) return;
  const index = current();
  keepDraft();
  items.forget(index);
  const fresh = await items.load(index).catch(() => null);
  if (!fresh || isLoading || saver.isDirty || index !== current()) return;
  const focused = document.activeElement?.id;
  const scrolled = find("[data-article]").scrollTop;
  stage.replaceChildren(fresh);
  dress();
  find("[data-article]").scrollTop = scrolled;
  (document.getElementById(focused) ?? find("[data-heading]")).focus({ preventScroll: true });
}

function dress() {
  const index = current();
  const [before, after] = [rail.before(index), rail.after(index)];
  document.title = `${item().dataset.title} – Parley`;
  lead("previous", before);
  lead("next", after);
  const place = rail.placeOf(index);
  find("[data-place]").textContent = place === undefined ? "" : `${place + 1} / ${rail.indexes.length}`;
  for (const button of document.querySelectorAll("[data-act=undo], [data-act=keys]")) button.hidden = false;
  find("[data-save]").hidden = true; // it goes by itself
  saver.attach(find("[data-judgement]"), index);
  if (drafts.has(index)) {
    find("[data-flag-box]").open = true;
    find("#flag-comment").value = drafts.get(index);
  }
  localise(stage);
  rail.show(index);
  items.prefetch(after);
}

function lead(act, index) {
  const link = find(`[data-act=${act}]`);
  link.toggleAttribute("aria-disabled", index === undefined);
  if (index === undefined) link.removeAttribute("href");
  else link.href = addressOf(index);
}

function keepDraft() {
  const draft = find("#flag-comment")?.value;
  if (draft) drafts.set(current(), draft);
}

// Saving

function show({ state, item: saved, sentence }) {
  const line = find("[data-state]");
  if (!line || (saved && saved.index !== current())) return;
  line.dataset.state = state;
  const time = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  const words = sentence ?? (texts[state] ?? "").replace("{time}", time).replace("{version}", saved?.version);
  if (line.textContent !== words) line.textContent = words;
}

saver.addEventListener("state", ({ detail }) => show(detail));
saver.addEventListener("saved", ({ detail }) => {
  items.forget(detail.item.index);
  rail.refresh([detail.item.index]);
  if (detail.item.index === current() && find("[data-blind]")) showOthers();
});
saver.addEventListener("elsewhere", ({ detail }) => {
  items.forget(detail.index);
  rail.refresh([detail.index]);
  if (detail.index === current()) redraw();
});

saver.addEventListener("conflict", async ({ detail }) => {
  await saver.settle(detail, await choose(conflict, detail, texts.empty));
  if (detail.item.index === current()) await drawChosen();
});

// Whoever was asked for a second opinion sees the others' once they gave their own.
async function showOthers() {
  const index = current();
  const fresh = await items.load(index).catch(() => null);
  if (fresh && index === current()) find("[data-others]").replaceWith(fresh.querySelector("[data-others]"));
}

// The form still holds what was not chosen.
async function drawChosen() {
  const index = current();
  items.forget(index);
  const fresh = await items.load(index).catch(() => null);
  if (!fresh) return show({ state: "refused", sentence: texts.gone });
  stage.replaceChildren(fresh);
  dress();
  find("[data-heading]").focus({ preventScroll: true });
}

// What can be done

const actions = {
  next: () => step(rail.after(current()), texts.end),
  previous: () => step(rail.before(current()), texts.start),
  unrated: () => step(item().dataset.nextUnrated || undefined, texts.allRated),
  "save-next": async () => {
    const flag = document.activeElement?.closest("[data-flag]");
    if (flag) return flag.requestSubmit();
    await saver.flush();
    return actions.next();
  },
  undo: async () => {
    const index = await saver.undo();
    if (index === null) return say(texts.nothing);
    if (index === current()) await drawChosen();
    else await go(index);
    say(texts.undone);
  },
  digit: (digit) => {
    const group = document.activeElement?.closest("[data-stage]") ?? find(".ratings");
    group.querySelector(`[data-digit="${digit}"]`)?.click();
  },
  issues: () => {
    const groups = [...stage.querySelectorAll("[data-stage]")];
    const place = groups.indexOf(document.activeElement?.closest("[data-stage]"));
    groups[(place + 1) % groups.length]?.focus();
  },
  comment: () => find("[data-comment]").focus(),
  documents: () => {
    const documents = find("[data-documents]");
    documents?.scrollIntoView({ block: "start" });
    documents?.querySelector("summary").focus();
  },
  flag: () => {
    find("[data-flag-box]").open = true;
    find("#flag-comment").focus();
  },
  leave: () => {
    closeRail();
    const isIn = document.activeElement?.closest("textarea, input, [data-stage], [data-rail-pane]");
    if (isIn) find("[data-article]").focus({ preventScroll: true });
    return Boolean(isIn);
  },
  keys: () => document.querySelector("[data-keys]").showModal(),
  rail: () => {
    root.querySelector("[data-rail-pane]").toggleAttribute("data-open", true);
    root.querySelector("[data-rail] [aria-current]")?.focus({ preventScroll: true });
  },
};

function step(index, otherwise) {
  if (isLoading) return;
  if (index === undefined) say(otherwise);
  else go(Number(index));
}

function closeRail() {
  root.querySelector("[data-rail-pane]").removeAttribute("data-open");
  if (location.hash === "#rail") location.hash = "item";
}

async function send(form) {
  await saver.flush();
  const body = JSON.stringify(Object.fromEntries([...new FormData(form)].filter(([name]) => name === "comment")));
  const headers = { "Content-Type": "application/json" };
  const response = await fetch(form.dataset.post, { method: "POST", headers, body }).catch(() => null);
  if (!response?.ok) return say(texts.refused);
  form.reset();
  drafts.delete(current());
  rail.refresh([current()]);
  await redraw();
}

if (item()) {
  listen((name, digit) => {
    if (isLoading) return true;
    return actions[name](digit);
  });

  document.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    const act = event.target.closest("[data-act]");
    const row = event.target.closest("[data-rail-rows] [data-index]");
    if (event.target.closest(".rail-close")) closeRail();
    if (act) actions[act.dataset.act]();
    if (row) {
      closeRail();
      step(Number(row.dataset.index));
    }
    if (act || row) event.preventDefault();
  });

  stage.addEventListener("submit", async (event) => {
    const { target: form, submitter } = event;
    if (form.dataset.post) {
      event.preventDefault();
      await send(form);
    } else if (submitter?.dataset.carry) {
      event.preventDefault();
      await saver.put(JSON.parse(submitter.dataset.carry));
      await drawChosen();
    } else if (submitter?.name !== "revision") {
      event.preventDefault();
      if (submitter?.value === "next") actions["save-next"]();
      else await saver.flush();
    } else if (saver.isDirty) {
      event.preventDefault();
      await saver.flush();
      form.requestSubmit(submitter);
    }
  });

  addEventListener("popstate", (event) => {
    const number = new URLSearchParams(location.search).get("item");
    const index = event.state?.index ?? Number(number) - 1;
    if (number && index !== current()) go(index, { isBack: true });
  });

  document.addEventListener("bench:progress", () => {
    rail.refresh();
    items.forget(rail.after(current()));
    if (item().dataset.status === "pending") redraw();
  });

  history.replaceState({ index: current() }, "", addressOf(current()) + location.hash);
  dress();
}
