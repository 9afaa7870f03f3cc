// What a socket brings for a list of messages, in order and without gaps: where one may be, the list is fetched anew.

const PATIENCE = 1500; // until what the socket should have brought is fetched instead
const SILENCE = 15000; // after this the page asks whether a live answer is still one
const OF_ANSWERS = new Set(["status", "message", "blocks", "alive"]);

// Tells a "frame" when it is its turn to be shown, and "refreshed" when the list was fetched.
export class Feed extends EventTarget {
  #messages;
  #held = null; // frames that arrive while the list is fetched: they are newer than it
  #wasLost = false;
  #lastSignAt = Date.now(); // that an answer is alive

  // A list that is told at each opening what it has missed is fetched by whoever hears that.
  constructor(socket, messages, { isToldAtOpening = false } = {}) {
    super();
    this.#messages = messages;
    if (!isToldAtOpening) socket.addEventListener("open", () => this.#opened());
    socket.addEventListener("lost", () => (this.#wasLost = true));
    socket.addEventListener("frame", (event) => this.#take(event.detail));
    const timer = setInterval(() => this.#listen(), SILENCE);
    socket.addEventListener("end", () => clearInterval(timer));
  }

  // Fetches the list; the frames given, and those that come meanwhile, are shown afterwards.
  async refresh(...frames) {
    if (this.#held) return;
    this.#held = frames;
    try {
      await this.#messages.refresh();
      this.dispatchEvent(new Event("refreshed"));
    } catch {
      // The socket comes back by itself, and then the list is fetched again.
    }
    const waiting = this.#held;
    this.#held = null;
    for (const frame of waiting) this.#tell(frame);
  }

  // Sees to it that a message will be there.
  expect(id) {
    setTimeout(() => this.#messages.has(id) || this.refresh(), PATIENCE);
  }

  #opened() {
    if (this.#wasLost) this.refresh();
    this.#wasLost = false;
    const openedAt = Date.now();
    setTimeout(() => this.#messages.isStreaming && this.#lastSignAt < openedAt && this.refresh(), PATIENCE);
  }

  #listen() {
    if (this.#messages.isStreaming && Date.now() - this.#lastSignAt >= SILENCE) this.refresh();
  }

  #take(frame) {
    if (OF_ANSWERS.has(frame.type)) this.#lastSignAt = Date.now();
    const isUnknown = frame.type === "status" && !this.#messages.has(frame.data.message_id);
    if (this.#held) this.#held.push(frame);
    // The answer began before the socket was open: the list is fetched first, then its text has a place to go.
    else if (isUnknown) this.refresh(frame);
    else this.#tell(frame);
  }

  #tell(frame) {
    this.dispatchEvent(new CustomEvent("frame", { detail: frame }));
  }
}
