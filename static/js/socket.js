// A socket that comes back: with growing pauses, until the server says that it closed for good.

const SHORTEST_PAUSE = 500;
const LONGEST_PAUSE = 5000;
const FINAL_CODES = new Map([
  [4401, "You are signed out. Reload the page to sign in again."],
  [4403, "You have no place here any more. Reload the page to come in again."],
  [4404, "This chat is no longer here."],
  [4410, "This link is no longer valid."],
  [4429, "Your place was taken while you were away. Reload the page to wait for one."],
]);

export class Socket extends EventTarget {
  #path;
  #socket;
  #pause = SHORTEST_PAUSE;
  #ended = false;

  constructor(path) {
    super();
    this.#path = path;
    this.#connect();
  }

  // Says something as long as there is a connection; what it cannot say now is not said later.
  send(frame) {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame));
  }

  // Ends the connection for good, with a sentence for the reader.
  end(reason) {
    if (this.#ended) return;
    this.#ended = true;
    this.#tell("end", reason);
  }

  #connect() {
    const url = new URL(this.#path, location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(url);
    this.#socket = socket;
    socket.addEventListener("open", () => {
      this.#pause = SHORTEST_PAUSE;
      this.#tell("open");
    });
    socket.addEventListener("message", (event) => this.#tell("frame", JSON.parse(event.data)));
    socket.addEventListener("close", (event) => this.#closed(event.code));
  }

  #closed(code) {
    if (this.#ended) return;
    if (FINAL_CODES.has(code)) return this.end(FINAL_CODES.get(code));
    this.#tell("lost");
    // The jitter keeps the pages of a whole team from coming back in the same moment after a restart.
    setTimeout(() => this.#connect(), this.#pause * (0.5 + Math.random()));
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE);
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
