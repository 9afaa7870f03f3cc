// The small forms of a visitor's pages. Sent by a script they say where they come from, which a form of a page without
// referrer does not everywhere; and a refusal is said in place.

import { post } from "./composer.js";
import { Refusal } from "./refusal.js";

export function sendForms(refusal = new Refusal(document.querySelector("[data-refusal]"))) {
  for (const form of document.querySelectorAll("[data-sent]")) {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const button = form.querySelector("[type=submit]");
      button.disabled = true;
      try {
        const { next } = await post(form);
        location.replace(next);
      } catch (error) {
        refusal.say(error.message, error.seconds);
        button.disabled = false;
        form.querySelector("input")?.select();
      }
    });
  }
}
