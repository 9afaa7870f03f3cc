// What a socket brings for a list of messages, in order and without gaps: where one may be, the list is fetched anew.

const PATIENCE = 1500; // until what the socket should have brought is fetched instead
const SILENCE = 15000; // after this the page asks whether a live answer is still one
const OF_ANSWERS = new Set(["status", "message", "blocks", "alive"]);

// Tells a "frame" when it is its turn to be shown, and "refreshed" when the list was fetched.
export class Feed extends EventTarget {
  #messages;
  #held = null; // frames that arrive while the list is fetched: they are newer than it
  #lastSignAt = Date.now(); // that an answer is alive

  constructor(socket, messages) {
    super();
    this.#messages = messages;
    socket.addEventListener("frame", (event) => this.#take(event.detail));
    const timer = setInterval(() => this.#listen(), SILENCE);
    socket.addEventListener("end", () => clearInterval(timer));
  }

  // Fetches the list; frames that come meanwhile are shown afterwards.
  async refresh() {
    if (this.#held) return;
    this.#held = [];
    try {
      await this.#messages.refresh();
      this.dispatchEvent(new Event("refreshed"));
    } catch {
      // The socket comes back by itself, and then the list is fetched again.
    }
    const waiting = this.#held;
    this.#held = null;
    for (const frame of waiting) this.#take(frame); // one of them may have the list fetched again
  }

  // Sees to it that a message will be there.
  expect(id) {
    setTimeout(() => this.#messages.has(id) || this.refresh(), PATIENCE);
  }

  // Each opened socket tells where the conversation stands: what came while there was none is fetched.
  catchUp({ last_message_id: last, is_answering: isAnswering }) {
    if ((last && !this.#messages.has(last)) || (this.#messages.isStreaming && !isAnswering)) this.refresh();
  }

  #listen() {
    if (this.#messages.isStreaming && Date.now() - this.#lastSignAt >= SILENCE) this.refresh();
  }

  #take(frame) {
    if (OF_ANSWERS.has(frame.type)) this.#lastSignAt = Date.now();
    if (this.#held) this.#held.push(frame);
    else this.#tell(frame);
  }

  #tell(frame) {
    this.dispatchEvent(new CustomEvent("frame", { detail: frame }));
  }
}
