// Choosing somebody says that an agent is for chosen people.

const form = document.querySelector("[data-audience]");

form.addEventListener("change", ({ target }) => {
  if (target.name === "people" && target.checked) form.elements.audience.value = "chosen";
});
