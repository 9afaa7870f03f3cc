// Follow a test that is running to its report: what the page says anew takes the place of what it said before.

import { localise } from "./times.js";

const PAUSE = 1000;
const FOLLOWED = "[data-follow]";

async function look() {
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const found = page.querySelectorAll(FOLLOWED);
    if (!answer.ok || !found.length) {
      location.reload();
    } else if (page.querySelector("[data-running]")) {
      setTimeout(look, PAUSE);
    } else {
      document.querySelectorAll(FOLLOWED).forEach((part, at) => part.replaceChildren(...found[at].childNodes));
      localise();
    }
  } catch {
    setTimeout(look, PAUSE); // the network is away; it may come back
  }
}

setTimeout(look, PAUSE);
