// Keeps the newest text in view until the reader scrolls up.

const NEAR = 80;

export class Follower {
  #button;
  #following = true;
  #lastTop = 0;

  constructor(button) {
    this.#button = button;
    this.#lastTop = scrollY;
    addEventListener("scroll", () => this.#scrolled(), { passive: true });
    addEventListener("resize", () => this.follow());
    button.addEventListener("click", () => this.jump());
  }

  // Call it after the page has grown.
  follow() {
    if (this.#following) scrollTo({ top: document.documentElement.scrollHeight, behavior: "instant" });
    this.#button.hidden = this.#following || this.isAtEnd;
  }

  jump() {
    this.#following = true;
    this.follow();
  }

  #scrolled() {
    const goesUp = scrollY < this.#lastTop;
    this.#lastTop = scrollY;
    if (this.isAtEnd) this.#following = true;
    else if (goesUp) this.#following = false;
    this.#button.hidden = this.#following;
  }

  get isAtEnd() {
    return innerHeight + scrollY >= document.documentElement.scrollHeight - NEAR;
  }
}
