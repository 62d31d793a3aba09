// Controls of one panel: what it alone is asked. They stand in the address, too.

/** @import { View } from "../../types.js" */

import { change } from "../address.js";
import { h } from "../dom.js";
import { slider } from "../fields.js";
import * as format from "../format.js";
import { wholeMonths } from "../view.js";

const MONTHS = 18;

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
  const { input, output } = slider(id, months.length - 1, at, say, (value) => change({ month: months[value] ?? null }));
  return h("label", { class: "inline" }, h("span", {}, "Month"), input, output);
}
