// Who is typing: told to the others now and then, and of them in one sentence.

const PAUSE = 2000;

export class Typist {
  #form;
  #socket;
  #isHeard = false;
  #typedAt = 0;
  #toldAt = 0;

  constructor(form, socket) {
    this.#form = form;
    this.#socket = socket;
    form.addEventListener("input", () => {
      this.#typedAt = Date.now();
      this.#tell();
    });
    // An open socket is not yet a listener: a room hears nobody before it has told them their seat.
    socket.addEventListener("frame", () => this.#hear(true));
    socket.addEventListener("lost", () => this.#hear(false));
  }

  // What was being typed was sent: the next word is news again.
  rest() {
    this.#toldAt = 0;
  }

  // Whoever typed while nobody heard may be typing still.
  #hear(isHeard) {
    if (this.#isHeard === isHeard) return;
    this.#isHeard = isHeard;
    this.rest();
    this.#tell();
  }

  #tell() {
    const now = Date.now();
    const isTyping = this.#form.elements.content.value.trim() && now - this.#typedAt < PAUSE;
    if (!this.#isHeard || !isTyping || now - this.#toldAt < PAUSE) return;
    this.#toldAt = now;
    this.#socket.send({ type: "typing" });
  }
}

// The parts of the sentence. Each name has a box of its own, in which it turns nothing else around.
export function areTyping(names) {
  if (names.length === 0) return [];
  if (names.length > 2) return [`${names.length} people are typing …`];
  const [first, second] = names.map(boxed);
  return second ? [first, " and ", second, " are typing …"] : [first, " is typing …"];
}

function boxed(name) {
  const box = document.createElement("bdi");
  box.textContent = name;
  return box;
}
