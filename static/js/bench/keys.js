// Keys of the review page, by their place on the keyboard, so that they are the same under every layout.

const ACTIONS = {
  KeyJ: "next",
  ArrowRight: "next",
  KeyK: "previous",
  ArrowLeft: "previous",
  KeyN: "unrated",
  KeyI: "issues",
  KeyC: "comment",
  KeyD: "documents",
  KeyX: "flag",
};
const TEXT = "textarea, select, input:not([type=radio], [type=checkbox])";

// Calls `act(name, digit)` for what is pressed.
export function listen(act) {
  document.addEventListener("keydown", (event) => {
    const name = actionOf(event);
    if (!name) return;
    const isTaken = act(name, Number(event.code.at(-1)));
    if (isTaken !== false) event.preventDefault();
  });
}

function actionOf(event) {
  if (event.altKey || event.metaKey || event.isComposing || document.querySelector("dialog[open]")) return null;
  const isInField = event.target.matches?.(TEXT);
  if (event.ctrlKey) {
    if (event.code === "Enter" || event.code === "NumpadEnter") return "save-next";
    return event.code === "KeyZ" && !event.shiftKey && !isInField ? "undo" : null;
  }
  if (event.code === "Escape") return "leave";
  if (isInField) return null;
  if (event.key === "?" || (event.shiftKey && event.code === "Slash")) return "keys";
  if (event.shiftKey) return null;
  if (/^(Digit|Numpad)[0-9]$/.test(event.code)) return "digit";
  return ACTIONS[event.code] ?? null;
}
