// Files that are dropped on a chat's page or pasted into its composer. What nobody takes, a browser opens instead.

const brings = (event) => event.dataTransfer?.types.includes("Files");

export function catchDrops(take, target) {
  document.addEventListener("dragover", (event) => {
    if (!brings(event)) return;
    event.preventDefault();
    target?.classList.add("is-dropping");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) target?.classList.remove("is-dropping"); // it left the window
  });
  document.addEventListener("drop", (event) => {
    target?.classList.remove("is-dropping");
    if (!brings(event)) return;
    event.preventDefault();
    take(event.dataTransfer.files);
  });
}

export function catchPastes(take, field) {
  field.addEventListener("paste", (event) => {
    const { files } = event.clipboardData;
    // What comes from a text or a table brings a picture of itself along.
    if (!files.length || event.clipboardData.getData("text/plain")) return;
    event.preventDefault();
    take(files);
  });
}
