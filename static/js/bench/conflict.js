// What was changed in two places at once is chosen by whoever did it.

import { inWords, joined } from "./judgement.js";

// Asks which of two annotations is to stand, or both of them joined, and returns it.
export function choose(dialog, { item, mine, current }, nothing) {
  dialog.querySelector("[data-mine]").textContent = inWords(item.form, mine, nothing);
  dialog.querySelector("[data-theirs]").textContent = inWords(item.form, current, nothing);
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((chosen) => {
    // Whoever closes it without a word loses neither.
    const choices = { mine, theirs: current };
    const answer = () => chosen(dialog.returnValue in choices ? choices[dialog.returnValue] : joined(mine, current));
    dialog.addEventListener("close", answer, { once: true });
  });
}
