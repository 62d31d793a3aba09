// The filter bar: what the address says, as fields; and fields back into the address.

/** @import { FilterField, View } from "../types.js" */

import { change, current } from "./address.js";
import { byId, fill, h } from "./dom.js";
import { select, slider } from "./fields.js";
import * as format from "./format.js";

const RANGES = /** @type {const} */ ([["30", "30 days"], ["90", "90 days"], ["365", "12 months"]]);
const KNOWN_DAYS = 180; // how far the slider of what was known goes back

/** @typedef {{segment: string[], country: string[], kind: string[], arm: string[]}} Choices */

/** Show what the view says, in those fields that the page has. @param {View} view @param {Choices} choices @param {FilterField[]} [fields] */
export function showFilters(view, choices, fields = ["currency", "period", "more", "known"]) {
  const form = byId("filters");
  const shown = JSON.stringify([view.filters, view.currencies, view.currency, view.from, view.to, view.today, choices, fields]);
  if (form.dataset.shown === shown) return;
  const held = document.activeElement instanceof HTMLElement && form.contains(document.activeElement) ? document.activeElement.id : "";
  form.dataset.shown = shown;
  const details = form.querySelector("details");
  const isOpen = details?.open ?? false;
  const has = (/** @type {FilterField} */ field) => fields.includes(field);
  fill(form, has("currency") ? currencyField(view) : null, ...(has("period") ? period(view) : []), has("more") ? more(view, choices, isOpen) : null, has("known") ? known(view) : null);
  if (held) document.getElementById(held)?.focus();
}

/** @param {View} view */
function currencyField(view) {
  return select("currency", "Currency", view.currencies.map((code) => [code, code]), view.currency, (value) => change({ currency: value }));
}

/** @param {View} view */
function period(view) {
  const follows = !view.filters.to;
  const days = follows ? String(view.days) : "";
  const ranges = RANGES.map(([value, text]) =>
    h("label", {}, h("input", { type: "radio", name: "range", id: `range-${value}`, value, checked: value === days, on: { change: () => range(view, Number(value)) } }), h("span", {}, text)),
  );
  return [
    h("fieldset", { class: "field" }, h("legend", {}, "Period"), h("div", { class: "choices" }, ranges)),
    dateField("from", "From", view.from, view, (value) => change({ from: value })),
    dateField("to", "To", view.to, view, (value) => change({ to: value })),
  ];
}

/** The last so many days, whatever the last day is then. @param {View} view @param {number} days */
function range(view, days) {
  const from = days === 90 ? null : format.shift(view.today, 1 - days);
  change({ from, to: null });
}

/** @param {"from" | "to"} id @param {string} label @param {string} value @param {View} view @param {(value: string | null) => void} then */
function dateField(id, label, value, view, then) {
  const input = h("input", { type: "date", id, value, required: true });
  input.addEventListener("change", () => {
    const other = id === "from" ? view.to : view.from;
    const isBackwards = !!input.value && (id === "from" ? input.value > other : input.value < other);
    input.setCustomValidity(isBackwards ? "The period ends before it begins." : "");
    if (input.reportValidity()) then(input.value || null);
  });
  return h("label", { class: "field" }, h("span", {}, label), input);
}

/** @param {View} view @param {Choices} choices @param {boolean} isOpen */
function more(view, choices, isOpen) {
  const { filters } = view;
  const splits = /** @type {const} */ ([["segment", "Segment"], ["country", "Country"], ["kind", "Kind"], ["arm", "Arm of a test"]]);
  const fields = splits.map(([name, label]) => {
    const several = filters[name].join(", ");
    const options = [...new Set([...choices[name], ...filters[name]])].sort().map((value) => /** @type {const} */ ([value, value === "" ? "unknown" : value]));
    const all = filters[name].length > 1 ? [/** @type {const} */ ([several, several])] : [];
    const value = filters[name].length ? several : " ";
    return select(name, label, [[" ", "all"], ...all, ...options], value, (chosen) => change({ [name]: chosen === " " ? [] : [chosen] }));
  });
  const others = view.currencies.length > 1 ? [select("in", "Converted into", [["", "not converted"], ...view.currencies.map((code) => /** @type {const} */ ([code, code]))], filters.in ?? "", (value) => change({ in: value || null }))] : [];
  const set = splits.filter(([name]) => filters[name].length).length + (filters.in ? 1 : 0) + (filters.compare ? 1 : 0) + (filters.interval ? 1 : 0);
  return h(
    "details",
    { open: isOpen, class: "more", on: { toggle: offerArms } },
    h("summary", {}, set ? `More filters (${set})` : "More filters"),
    h(
      "div",
      { class: "fields" },
      ...fields,
      select("interval", "In steps of", [["", "fitting"], ["day", "days"], ["week", "weeks"], ["month", "months"]], filters.interval ?? "", (value) => change({ interval: value || null })),
      select("compare", "Compared with", [["", "the period before"], ["year", "a year earlier"]], filters.compare === "year" ? "year" : "", (value) => change({ compare: value || null })),
      ...others,
      set ? h("button", { type: "button", class: "quiet", on: { click: clear } }, "Clear") : null,
    ),
  );
}

/** The arms of experiments are asked for when somebody may want them. @param {Event} event */
async function offerArms(event) {
  const place = event.target;
  if (!(place instanceof HTMLDetailsElement) || !place.open) return;
  const select = /** @type {HTMLSelectElement | null} */ (place.querySelector("#arm"));
  const { knownArms } = await import("./later/arms.js");
  for (const arm of await knownArms()) {
    if (select && ![...select.options].some((option) => option.value === arm)) select.append(new Option(arm, arm));
  }
}

function clear() {
  change({ segment: [], country: [], kind: [], arm: [], interval: null, compare: null, in: null });
}

/** The slider of what was known: figures as they were on an earlier day. @param {View} view */
function known(view) {
  const earliest = format.shift(view.today, -KNOWN_DAYS);
  const at = view.asOf ? Math.max(0, format.length(earliest, view.asOf) - 1) : KNOWN_DAYS;
  const say = (/** @type {number} */ value) => (value >= KNOWN_DAYS ? "now" : `on ${format.day(format.shift(earliest, value))}`);
  const { input, output } = slider("as_of", KNOWN_DAYS, at, say, (value) => change({ as_of: value >= KNOWN_DAYS ? null : format.shift(earliest, value) }));
  return h("label", { class: "field known" }, h("span", {}, "As it was known ", output), input);
}

/** The filters in words, for the head of what is printed. @param {View} view */
export function filtersInWords(view) {
  const { segment, country, kind, arm } = current();
  const parts = [`${view.money}`, format.span(view.from, view.to)];
  for (const [name, values] of Object.entries({ segment, country, kind, arm })) if (values.length) parts.push(`${name} ${values.join(", ")}`);
  if (view.asOf) parts.push(`as it was known on ${format.day(view.asOf)}`);
  return parts.join(" · ");
}
