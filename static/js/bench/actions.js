// What can be done on the review page, by the names that its buttons and keys have; false is nothing done.

export function actionsOn(root, { question, rail, saver, texts }) {
  const pane = root.querySelector("[data-rail-pane]");

  function step(index, otherwise) {
    if (question.isLoading) return;
    if (index === undefined) question.say(rail.indexes.length ? otherwise : texts.none);
    else question.go(Number(index));
  }

  function closeRail() {
    pane.removeAttribute("data-open");
    if (location.hash === "#rail") location.hash = "item";
  }

  const actions = {
    next: () => step(rail.after(question.index), texts.end),
    previous: () => step(rail.before(question.index), texts.start),
    // What was fetched ahead of its time knows nothing of what was rated since.
    unrated: async () => {
      await saver.flush();
      const fresh = await question.loadAgain();
      if (!fresh) return question.say(texts.gone);
      return step(fresh.dataset.nextUnrated || undefined, texts.allRated);
    },
    "save-next": async () => {
      const flag = document.activeElement?.closest("[data-flag]");
      if (flag) return flag.requestSubmit();
      await saver.flush();
      return saver.isStuck || actions.next();
    },
    undo: async () => {
      const index = await saver.undo();
      if (index === null) return question.say(texts.nothing);
      question.say(texts.undone);
      return index === question.index ? question.drawChosen() : question.go(index);
    },
    digit: (digit) => {
      const group = document.activeElement?.closest("[data-stage]") ?? question.find("[data-judgement]:not([inert]) .ratings");
      group?.querySelector(`[data-digit="${digit}"]`)?.click();
    },
    issues: () => {
      const groups = question.findAll("[data-stage]");
      const place = groups.indexOf(document.activeElement?.closest("[data-stage]"));
      groups[(place + 1) % groups.length]?.focus();
    },
    comment: () => question.find("[data-comment]").focus(),
    documents: () => {
      const documents = question.find("[data-documents]");
      documents?.scrollIntoView({ block: "start" });
      documents?.querySelector("summary").focus();
    },
    flag: () => {
      question.find("[data-flag-box]").open = true;
      question.find("#flag-comment").focus();
    },
    leave: () => {
      closeRail();
      const isIn = document.activeElement?.closest("textarea, input, [data-stage], [data-rail-pane]");
      if (isIn) question.find("[data-article]").focus({ preventScroll: true });
      return Boolean(isIn);
    },
    keys: () => document.querySelector("[data-keys]").showModal(),
    rail: () => {
      pane.toggleAttribute("data-open", true);
      const here = pane.querySelector("[data-index] [aria-current]") ?? pane.querySelector("[aria-current]");
      here?.focus({ preventScroll: true });
    },
    "close-rail": closeRail,
    row: (index) => {
      closeRail();
      step(index);
    },
  };
  return actions;
}
