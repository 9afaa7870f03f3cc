// The review of a session: goes from question to question without loading the page, saves what is said, obeys keys.

import { actionsOn } from "./actions.js";
import { choose } from "./conflict.js";
import { Items } from "./items.js";
import { listen } from "./keys.js";
import { Question } from "./question.js";
import { Rail } from "./rail.js";
import { Saver } from "./saver.js";
import { Sender, sentenceOf } from "./sending.js";

const root = document.querySelector("[data-review]");
const texts = document.querySelector("[data-texts]").dataset;
const rail = new Rail(root);
const items = new Items(root);
const saver = new Saver(root.dataset.review, root.dataset.viewer);
const sender = new Sender(root.dataset.viewer);
const question = new Question(root, { texts, items, rail, saver });
const actions = actionsOn(root, { question, rail, saver, texts });

function changed(index) {
  items.forget(index);
  rail.refresh([index]);
}

saver.addEventListener("saved", ({ detail }) => {
  changed(detail.item.index);
  if (detail.item.index === question.index && question.find("[data-blind]")) question.showOthers();
});

saver.addEventListener("elsewhere", ({ detail }) => {
  changed(detail.index);
  if (detail.index === question.index) question.redraw();
});

saver.addEventListener("conflict", async ({ detail }) => {
  const dialog = document.querySelector("[data-conflict]");
  await saver.settle(detail, await choose(dialog, detail, texts.empty));
  if (detail.item.index === question.index) await question.drawChosen();
});

function click(event) {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  const act = event.target.closest("[data-act]");
  const row = event.target.closest("[data-rail-rows] [data-index]");
  if (act) actions[act.dataset.act]();
  if (row) actions.row(Number(row.dataset.index));
  if (act || row) event.preventDefault();
}

// Only an earlier version is put back by the form itself, once what is written is saved.
function submit(event) {
  const { target: form, submitter } = event;
  const isPutBack = submitter?.name === "revision";
  if (isPutBack && !saver.isDirty) return;
  event.preventDefault();
  if (form.dataset.post) send(form);
  else if (submitter?.dataset.carry) carry(submitter.dataset.carry);
  else if (isPutBack) saver.flush().then(() => form.requestSubmit(submitter));
  else if (submitter?.value === "next") actions["save-next"]();
  else saver.flush();
}

async function carry(text) {
  await saver.put(JSON.parse(text));
  await question.drawChosen();
}

async function send(form) {
  if (form.ariaBusy) return; // pressed twice it is still one
  form.ariaBusy = "true";
  const { index } = question;
  await saver.flush();
  const body = Object.fromEntries([...new FormData(form)].filter(([name]) => name === "comment"));
  const response = await sender.send(form.dataset.post, body, { method: "POST" }).catch(() => null);
  const told = await response?.json().catch(() => null);
  form.ariaBusy = null;
  if (!response?.ok) return question.say(told ? sentenceOf(told) : texts.refused);
  question.forgetDraft(index, body.comment);
  changed(index);
  await question.redraw();
}

function comeBack(event) {
  const number = new URLSearchParams(location.search).get("item");
  const index = event.state?.index ?? Number(number) - 1;
  if (number && index !== question.index) question.go(index, { isBack: true });
}

function progress() {
  rail.refresh();
  items.forgetAll();
  if (question.element) question.catchUp();
}

if (question.element) {
  listen((name, digit) => question.isLoading || actions[name](digit));
  document.addEventListener("click", click);
  root.querySelector("[data-stage-of-item]").addEventListener("submit", submit);
  addEventListener("popstate", comeBack);
  history.replaceState({ index: question.index }, "", question.address() + location.hash);
  question.dress();
}
document.addEventListener("bench:progress", progress);
saver.resume();
