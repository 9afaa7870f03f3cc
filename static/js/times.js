// Moments in the reader's own zone and manner; without this they are UTC's.

const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

export function spoken(date) {
  return moment.format(date);
}

export function localise(root = document) {
  for (const time of root.querySelectorAll("time[data-time]")) {
    time.textContent = spoken(new Date(time.dateTime));
  }
}
