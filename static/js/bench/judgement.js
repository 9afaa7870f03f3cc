// The form in which an answer is judged, as an annotation and back.

const OVERALL = "overall";

const isEmpty = (value) => value == null || value.length === 0;
export const isSame = (one, other) => (isEmpty(one) ? isEmpty(other) : sorted(one) === sorted(other));

// A database may give keys in another order than they were sent in, and a field of a page knows one kind of line end.
function sorted(value) {
  return JSON.stringify(value, (_, inner) => {
    if (typeof inner === "string") return inner.replace(/\r\n?/g, "\n");
    const isObject = inner && typeof inner === "object" && !Array.isArray(inner);
    return isObject ? Object.fromEntries(Object.entries(inner).sort()) : inner;
  });
}

// Lays what the form says over an annotation, as `written_over` in benchsessions/merging.py does: only what differs is
// written, so whatever the form knows nothing of stays as it was.
export function said(form, before) {
  const fields = new FormData(form);
  const data = structuredClone(before ?? {});
  write(data, OVERALL, { rating: fields.get("rating") || null, comment: fields.get("comment") });
  for (const name of fields.getAll("section")) {
    const issues = inOrder(fields.getAll(`${name}-issues`), data[name]?.issues ?? []);
    write(data, name, { issues, comment: fields.get(`${name}-comment`) });
  }
  return Object.keys(data).length ? data : null;
}

// Issues keep the order they were given in; the new ones follow.
function inOrder(chosen, before) {
  const kept = before.filter((issue) => chosen.includes(issue));
  return [...kept, ...chosen.filter((issue) => !before.includes(issue))];
}

function write(data, name, section) {
  const before = data[name] ?? {};
  const changed = Object.entries(section).filter(([key, value]) => !isSame(value, before[key]));
  if (changed.length) data[name] = { ...before, ...Object.fromEntries(changed) };
}

// Shows an annotation that was written in this form before.
export function fill(form, data) {
  for (const field of form.querySelectorAll("[name=rating]")) {
    field.checked = field.value === (data?.[OVERALL]?.rating ?? "");
  }
  form.elements.comment.value = data?.[OVERALL]?.comment ?? "";
  for (const section of form.querySelectorAll("[data-section]")) {
    const part = data?.[section.dataset.section];
    section.querySelector("textarea").value = part?.comment ?? "";
    for (const box of section.querySelectorAll("[type=checkbox]")) {
      box.checked = (part?.issues ?? []).includes(box.value);
    }
  }
}

// Joins two annotations: here is what stands, and every comment and issue of both.
export function joined(mine, theirs) {
  const data = { ...theirs, ...mine };
  for (const name of Object.keys(data)) {
    const [here, there] = [mine?.[name] ?? {}, theirs?.[name] ?? {}];
    data[name] = { ...there, ...here };
    const comments = new Set([there.comment, here.comment].filter((comment) => !isEmpty(comment)));
    if (comments.size) data[name].comment = [...comments].join("\n");
    if (here.issues || there.issues) data[name].issues = [...new Set([...(there.issues ?? []), ...(here.issues ?? [])])];
  }
  return data;
}

// Says an annotation in words, with the names that the form has for ratings and issues.
export function inWords(form, data, nothing) {
  const nameOf = (value) => {
    const field = [...(form?.elements ?? [])].find((input) => input.matches("[data-digit]") && input.value === value);
    return field?.parentElement.querySelector("span")?.textContent ?? value;
  };
  const lines = Object.values(data ?? {}).map(({ rating, issues, comment }) =>
    [rating && nameOf(rating), ...(issues ?? []).map(nameOf), comment].filter(Boolean).join(" · "),
  );
  return lines.filter(Boolean).join("\n") || nothing;
}
