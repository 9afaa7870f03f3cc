// Leaves of a list only the rows that hold what is typed; what is chosen in the others stays chosen.

for (const list of document.querySelectorAll("[data-filter]")) {
  const field = list.querySelector("[data-filter-by]");
  const none = list.querySelector("[data-filter-none]");
  field.hidden = false;
  field.addEventListener("input", () => {
    const wanted = field.value.trim().toLowerCase();
    let shown = 0;
    for (const row of list.querySelectorAll("[data-filter-row]")) {
      row.hidden = !row.textContent.toLowerCase().includes(wanted);
      shown += !row.hidden;
    }
    none.hidden = shown > 0;
  });
  // Enter means to look, not to send.
  field.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault());
}
