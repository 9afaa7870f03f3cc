// Who is typing: told to the others now and then, and of them in one sentence.

const PAUSE = 2000;

export class Typist {
  #form;
  #toldAt = 0;

  constructor(form, socket) {
    this.#form = form;
    form.addEventListener("input", () => this.#tell(socket));
  }

  // What was being typed was sent: the next word is news again.
  rest() {
    this.#toldAt = 0;
  }

  #tell(socket) {
    if (!this.#form.elements.content.value.trim() || Date.now() - this.#toldAt < PAUSE) return;
    this.#toldAt = Date.now();
    socket.send({ type: "typing" });
  }
}

export function areTyping(names) {
  if (names.length === 0) return "";
  if (names.length > 2) return `${names.length} people are typing …`;
  return `${names.join(" and ")} ${names.length === 1 ? "is" : "are"} typing …`;
}
