// What debtors think of it: how many gave which score, and after which step.

/** @import { Got, PanelSpec, View } from "../../types.js" */

import { h } from "../dom.js";
import * as format from "../format.js";
import { query, read } from "../http.js";
import { stepName } from "../later/steps.js";
import { figure, scrolling } from "../table.js";

const SCORES = ["5", "4", "3", "2", "1"];
const STEPS_SHOWN = 5;
const GOOD = new Set(["5", "4"]);

/** @param {View} view */
export function readFeedback(view) {
  const { kpi: _, ...asked } = view.ask("satisfaction");
  return read(`/v1/feedback${query(asked)}`);
}

/** @param {View} view @returns {PanelSpec} */
export function feedbackPanel(view) {
  return { id: "feedback", title: "What debtors say", note: "Scores from 1 to 5; what they wrote is at the desk", keys: ["feedback"], draw: (got) => draw(got, view) };
}

/** @param {Got} got @param {View} view */
function draw(got, view) {
  const { scores = {}, items = [], value, mean, numerator, denominator } = got.feedback;
  const all = SCORES.reduce((sum, score) => sum + (scores[score] ?? 0), 0);
  if (!all) return { empty: /** @type {[string, string]} */ (["Nobody gave a score", `A reply with a score, or the question at the end of a case, ${format.when(view.from, view.to)} would stand here.`]) };
  const most = Math.max(...SCORES.map((score) => scores[score] ?? 0));
  const about = { kpi: "satisfaction", title: "Satisfaction", question: view.ask("satisfaction"), numbers: { value, numerator, denominator, mean }, unit: /** @type {const} */ ("ratio"), currency: null };
  const lines = SCORES.map((score) => {
    const count = scores[score] ?? 0;
    return h(
      "div",
      {},
      h("dt", {}, h("span", {}, score, GOOD.has(score) ? h("span", { class: "note" }, " satisfied") : null), h("b", {}, format.count(count), h("span", { class: "note" }, ` ${format.share(count / all, 0)}`))),
      h("dd", {}, h("i", { style: { width: `${(100 * count) / most}%`, background: GOOD.has(score) ? "var(--accent)" : "var(--soft)" } })),
    );
  });
  const after = /** @type {any[]} */ (items).slice().sort((a, b) => b.count - a.count);
  const left = after.length - STEPS_SHOWN;
  const rows = after.slice(0, STEPS_SHOWN).map((one) => ({ name: one.step ? stepName(one.step) : "no step before it", cells: [format.count(one.count), format.number(one.mean, 1)] }));
  const others = left > 0 ? [h("p", { class: "note" }, `${format.count(left)} other ${left === 1 ? "step" : "steps"} with fewer scores`)] : [];
  const table = rows.length ? [scrolling({ caption: "Scores by the last step before them", heads: ["After", "Scores", "Mean"], rows }), ...others] : [];
  const total = h("p", { class: "total" }, h("span", {}, "Satisfied (4 and 5)"), figure(format.share(value, 0), about));
  return { body: [h("dl", { class: "ages" }, lines), total, ...table], summary: `${format.count(all)} ${all === 1 ? "score" : "scores"}, ${format.number(mean, 1)} of 5 on average; ${format.count(numerator)} of them 4 or 5.` };
}
