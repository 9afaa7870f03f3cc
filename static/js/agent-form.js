// Shows of an agent's form only what matters for what is chosen: `data-for` names the field that decides.

const form = document.querySelector("[data-agent-form]");
const parts = form.querySelectorAll("[data-for]");
const address = form.elements.webhook_url;

function show() {
  for (const part of parts) {
    const value = form.elements[part.dataset.for].value;
    const { only, not } = part.dataset;
    const fits = (!only || only.split(" ").includes(value)) && !(not && not.split(" ").includes(value));
    part.hidden = !fits && !part.querySelector(".errorlist");
    if (fits && part.dataset.example) address.placeholder = part.dataset.example;
  }
}

form.addEventListener("change", show);
show();
