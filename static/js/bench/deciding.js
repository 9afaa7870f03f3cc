// Decides by keys where people differ: J and K lead from question to question, 1 to 4 press a button.
// Keys are known by their place, so that they are the same in any alphabet.

const cards = [...document.querySelectorAll("[data-decide]")];
const STEPS = { KeyJ: 1, ArrowRight: 1, KeyK: -1, ArrowLeft: -1 };

for (const keys of document.querySelectorAll("[data-decide-keys]")) keys.hidden = !cards.length;

function place() {
  return cards.indexOf(document.activeElement?.closest("[data-decide]"));
}

function step(by) {
  const at = place();
  const next = at < 0 ? (by > 0 ? 0 : cards.length - 1) : at + by;
  cards[next]?.focus();
  return Boolean(cards[next]);
}

function press(digit) {
  const button = cards[place()]?.querySelector(`[data-key="${digit}"]`);
  button?.click();
  return Boolean(button);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey || event.repeat) return;
  if (event.target.closest("input, select, textarea, dialog")) return;
  const digit = /^(?:Digit|Numpad)([1-4])$/.exec(event.code)?.[1];
  const isDone = digit ? press(digit) : event.code in STEPS && step(STEPS[event.code]);
  if (isDone) event.preventDefault();
});

// Where the page leads on to after a decision, the keys go on too.
document.getElementById(location.hash.slice(1))?.focus({ preventScroll: true });
