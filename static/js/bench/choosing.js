// The button for marked rows opens when as many are marked as it takes.

for (const form of document.querySelectorAll("[data-choosing]")) {
  const button = form.querySelector("[data-choose]");
  const { least, most } = form.dataset;
  const update = () => {
    const marked = [...form.elements].filter((box) => box.type === "checkbox" && box.checked).length;
    button.disabled = marked < least || marked > most;
  };
  document.addEventListener("change", update);
  update();
}
