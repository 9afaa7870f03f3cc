// The files of a message: chosen, dropped or pasted. The form's own field holds them, so the form sends them.

const UNITS = ["bytes", "KB", "MB"];

function sizeOf(bytes) {
  const power = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), UNITS.length - 1);
  return `${(bytes / 1024 ** power).toFixed(power ? 1 : 0)} ${UNITS[power]}`;
}

export class Attachments {
  #field;
  #list;
  #status;
  #button;
  #refuse;
  #files = [];
  #isBusy = false;

  constructor(form, refuse) {
    this.#field = form.elements.files;
    this.#list = form.querySelector("[data-chosen]");
    this.#status = form.querySelector("[data-chosen-status]");
    this.#button = form.querySelector("[data-attach]");
    this.#refuse = refuse;
    form.querySelector("[data-files]").hidden = true;
    this.#button.hidden = false;
    this.#button.addEventListener("click", () => this.#field.click());
    this.#field.addEventListener("change", () => this.add(this.#field.files));
    this.add(this.#field.files); // a browser may have kept them over a reload
  }

  get count() {
    return this.#files.length;
  }

  set isBusy(value) {
    this.#isBusy = value;
    for (const button of [this.#button, ...this.#list.querySelectorAll("button")]) button.disabled = value;
  }

  clear() {
    this.#files = [];
    this.#show();
  }

  add(files) {
    const fresh = this.#isBusy ? [] : [...files];
    const { max, maxBytes, tooLarge } = this.#field.dataset;
    const large = fresh.find((file) => file.size > Number(maxBytes));
    const small = fresh.filter((file) => file.size <= Number(maxBytes));
    const room = Number(max) - this.#files.length;
    this.#files.push(...small.slice(0, room));
    this.#show();
    if (large) this.#refuse(`“${large.name}” is too large: ${tooLarge}`);
    else if (small.length > room) this.#refuse(`A message may bring at most ${max} files.`);
    else if (fresh.length) this.#refuse("");
    if (fresh.length) this.#status.textContent = this.#told();
  }

  #remove(file) {
    const place = this.#files.indexOf(file);
    this.#files.splice(place, 1);
    this.#show();
    this.#refuse("");
    this.#status.textContent = this.#told();
    (this.#list.querySelectorAll("button")[Math.min(place, this.count - 1)] ?? this.#button).focus();
  }

  #told() {
    return this.count ? `Chosen: ${this.#files.map((file) => file.name).join(", ")}` : "No file is chosen.";
  }

  #show() {
    const held = new DataTransfer();
    for (const file of this.#files) held.items.add(file);
    this.#field.files = held.files;
    this.#list.hidden = !this.count;
    this.#list.replaceChildren(...this.#files.map((file) => this.#chip(file)));
  }

  #chip(file) {
    const [item, name, size, button] = ["li", "span", "span", "button"].map((tag) => document.createElement(tag));
    item.className = "chip";
    name.className = "chip-name";
    name.textContent = file.name;
    size.className = "muted";
    size.textContent = sizeOf(file.size);
    button.type = "button";
    button.className = "remove";
    button.textContent = "×";
    button.ariaLabel = `Remove ${file.name}`;
    button.addEventListener("click", () => this.#remove(file));
    item.append(name, " ", size, button);
    return item;
  }
}
