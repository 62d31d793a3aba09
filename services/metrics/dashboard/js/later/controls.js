// Controls of one panel: what it alone is asked. They stand in the address, too.

/** @import { View } from "../../types.js" */

import { change } from "../address.js";
import { h } from "../dom.js";
import * as format from "../format.js";
import { wholeMonths } from "../view.js";

const MONTHS = 18;

/** @param {string} id @param {string} label @param {(readonly [string, string])[]} options @param {string} value @param {(value: string) => void} then */
export function choice(id, label, options, value, then) {
  const made = h("select", { id, on: { change: () => then(made.value) } }, options.map(([code, text]) => h("option", { value: code, selected: code === value }, text)));
  return h("label", { class: "inline" }, h("span", {}, label), made);
}

/** The months that can be looked at: whole ones, and the running one. @param {View} view */
function monthsOf(view) {
  const whole = wholeMonths(view, MONTHS).map(({ from }) => from.slice(0, 7));
  const running = view.to.slice(0, 7);
  return whole.at(-1) === running ? whole : [...whole, running];
}

/** The month that a page's matrices are of. @param {View} view */
export function monthOf(view) {
  const months = monthsOf(view);
  const wanted = view.filters.month ?? "";
  return /^\d{4}-\d{2}$/.test(wanted) ? wanted : (months.at(-2) ?? months[0] ?? view.to.slice(0, 7));
}

/** A slider over months. @param {View} view @param {string} id */
export function monthSlider(view, id) {
  const months = monthsOf(view);
  const found = months.indexOf(monthOf(view));
  const at = found < 0 ? months.length - 1 : found;
  const say = (/** @type {number} */ value) => format.month(months[value] ?? "");
  const output = h("output", { for: id }, say(at));
  const input = h("input", { type: "range", id, min: "0", max: String(months.length - 1), value: String(at), "aria-valuetext": say(at) });
  input.addEventListener("input", () => {
    output.textContent = say(Number(input.value));
    input.setAttribute("aria-valuetext", output.textContent);
  });
  input.addEventListener("change", () => change({ month: months[Number(input.value)] ?? null }));
  return h("label", { class: "inline" }, h("span", {}, "Month"), input, output);
}
