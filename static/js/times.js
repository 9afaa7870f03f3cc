// Moments in the reader's own zone and manner; without this they are UTC's.

const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

export function localise(root = document) {
  for (const time of root.querySelectorAll("time[data-time]")) {
    time.textContent = moment.format(new Date(time.dateTime));
  }
}
