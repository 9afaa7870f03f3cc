// The sentence that says why something was not done. One that holds for a while only goes when that is over.

export class Refusal {
  #line;
  #timer;

  constructor(line) {
    this.#line = line;
  }

  get sentence() {
    return this.#line.hidden ? "" : this.#line.textContent;
  }

  say(sentence, seconds) {
    clearTimeout(this.#timer);
    this.#line.textContent = sentence;
    this.#line.hidden = !sentence;
    if (seconds) this.#timer = setTimeout(() => this.say(""), seconds * 1000);
  }
}
