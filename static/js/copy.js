// Copy buttons on blocks of code and on answers.

async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  // Without https the clipboard is closed to pages; a selection still can be copied.
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "visually-hidden";
  document.body.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  if (!copied) throw new Error("not copied");
}

function makeCopyButton(button, read) {
  const label = button.textContent;
  button.addEventListener("click", async () => {
    try {
      await copy(read());
      button.textContent = "Copied";
    } catch {
      button.textContent = "Not copied";
    }
    button.focus();
    setTimeout(() => (button.textContent = label), 2000);
  });
}

export function addCopyButtons(root) {
  for (const code of root.querySelectorAll("pre > code")) {
    const block = code.parentElement;
    if (block.parentElement?.classList.contains("code-block")) continue;
    const frame = document.createElement("div");
    const button = document.createElement("button");
    frame.className = "code-block";
    button.type = "button";
    button.className = "button quiet small";
    button.textContent = "Copy";
    block.replaceWith(frame);
    frame.append(block, button);
    makeCopyButton(button, () => code.textContent);
  }
  for (const button of root.querySelectorAll("[data-copy][hidden]")) {
    button.hidden = false;
    makeCopyButton(button, () => button.parentElement.querySelector("[data-source]").content.textContent);
  }
}
