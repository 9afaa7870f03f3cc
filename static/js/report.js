// Look again at a test that is running until its report is there.

const PAUSE = 1000;

async function look(report) {
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const found = page.querySelector("[data-report]");
    if (!answer.ok || !found) {
      location.reload();
      return;
    }
    if ("running" in found.dataset) {
      setTimeout(look, PAUSE, report);
    } else {
      delete report.dataset.running;
      report.replaceChildren(...found.childNodes);
    }
  } catch {
    setTimeout(look, PAUSE, report); // the network is away; it may come back
  }
}

const report = document.querySelector("[data-report][data-running]");
if (report) setTimeout(look, PAUSE, report);
