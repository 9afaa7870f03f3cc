// What every page has: the theme button, menus and dialogs that close, the sidebar of a phone, what is true for a while.

import { localise } from "./times.js";

const root = document.documentElement;

function isDark() {
  return root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

for (const button of document.querySelectorAll("[data-theme-toggle]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try {
      localStorage.setItem("theme", root.dataset.theme);
    } catch {
      // Storage may be blocked; the choice then lasts as long as the page.
    }
  });
}

function closeMenus(except) {
  for (const menu of document.querySelectorAll("[data-menu][open]")) {
    if (menu !== except) menu.open = false;
  }
}

document.addEventListener("click", (event) => closeMenus(event.target.closest("[data-menu]")));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.activeElement?.closest("[data-menu][open]");
  closeMenus(null);
  menu?.querySelector("summary").focus();
  if (location.hash === "#sidebar") location.hash = "content";
});

for (const opener of document.querySelectorAll("[data-dialog]")) {
  const dialog = document.getElementById(opener.dataset.dialog);
  opener.addEventListener("click", (event) => {
    event.preventDefault();
    closeMenus(null);
    dialog.showModal();
  });
  // The menu that it was opened from is closed by now, and cannot take the focus back.
  dialog.addEventListener("close", () => opener.closest("[data-menu]")?.querySelector("summary").focus());
  dialog.querySelector("[data-close]").addEventListener("click", (event) => {
    event.preventDefault();
    dialog.close();
  });
}

for (const element of document.querySelectorAll("[data-until]")) {
  setTimeout(() => element.remove(), new Date(element.dataset.until) - Date.now());
}

localise();
