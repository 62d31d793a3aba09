// What a figure was said to be on earlier days, and since when it is another.

/** @import { Explained } from "../../types.js" */

import { h } from "../dom.js";
import * as format from "../format.js";
import { Refused, query, read } from "../http.js";
import { table } from "../table.js";
import { faultOf } from "../words.js";

/** What is asked of one figure, without how a panel or a tile had it laid out. @param {Explained} about */
export function narrowed({ question: { kpi: _, interval: __, compare: ___, group_by: ____, curve: _____, ...question } }) {
  return question;
}

/** @param {Explained} about */
export async function restatements(about) {
  const { as_of: since, ...question } = narrowed(about);
  try {
    // From the day on that is looked back at; without one, from the window's last day on.
    const items = /** @type {any[]} */ (await read(`/v1/kpis/${about.kpi}/restatements${query({ ...question, since })}`));
    if (items.length < 2) return h("p", { class: "blank" }, "Nothing that came late has changed this figure: it is what it was first known to be.");
    const show = format.writer(about.unit, about.currency);
    const rows = items.map(({ known_on: on, value }, at) => ({ name: format.day(on), cells: [show(value), at ? changeOf(items[at - 1].value, value, about.unit, show) : "first known"] }));
    return h("div", {}, h("h3", {}, "What it was said to be"), table({ caption: "What it was said to be, by the day on which it was known", heads: ["Known on", "Value", "Change"], rows }));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return h("p", { class: "error", role: "alert" }, `This cannot be shown: ${faultOf(error.problem)}`);
  }
}

/** @param {number | null} before @param {number | null} now @param {string | undefined} unit @param {(value: number) => string} show */
function changeOf(before, now, unit, show) {
  if (before === null || now === null) return "–";
  const far = (unit === "ratio" ? format.points : show)(Math.abs(now - before));
  return `${now > before ? "▲" : "▼"} ${far}`;
}
