// A table as a file that spreadsheets open.

const COLUMNS = ["account_id", "kind", "id", "day", "amount", "count"];

/** Quoted where needed; what a spreadsheet would take for a formula is made a text.
 * @param {unknown} value */
function cell(value) {
  if (value === null || value === undefined) return "";
  const text = String(value);
  const safe = typeof value !== "number" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** @param {any[]} items @param {string} currency */
export function csvOf(items, currency) {
  const lines = items.map((item) => [...COLUMNS.map((name) => item[name]), currency, (item.facts ?? []).map((/** @type {any} */ fact) => fact.source_id ?? fact.type).join(" ")]);
  return [[...COLUMNS, "currency", "facts"], ...lines].map((line) => line.map(cell).join(",")).join("\r\n") + "\r\n";
}

/** Hand a text over as a file. @param {string} name @param {string} text */
export function download(name, text) {
  const address = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
