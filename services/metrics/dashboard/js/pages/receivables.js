// What is owed: by age over time, how it moves from month to month, and how cohorts ripen.

/** @import { Got, Page, View } from "../../types.js" */

import { agingPanel } from "../ages.js";
import { monthOf, monthSlider } from "../later/controls.js";
import { overTime } from "../draw.js";
import * as format from "../format.js";
import { query, read } from "../http.js";
import { curePanel, rollPanel } from "../later/matrices.js";
import { good } from "../query.js";
import { vintagePanel, vintagePath } from "../later/vintages.js";
import { AGES, bucketName } from "../words.js";

/** The filters that matrices and cohorts take. @param {View} view */
function narrowed(view) {
  const { segment, country, kind, arm } = view.filters;
  const arms = arm.map((one) => one.split("/"));
  return { currency: view.currency, segment, country, kind, as_of: view.asOf, experiment: arms[0]?.[0], arm: arms.map(([, name]) => name) };
}

/** @type {Page} */
export const page = {
  title: "Receivables",

  questions: (view) => ({
    aging: view.ask("aging", { group_by: "bucket", interval: view.interval }),
    risk: view.ask("at_risk_rate", { from: yearBefore(view), interval: "month" }),
  }),

  reads: (view) => ({
    roll: () => read(`/v1/matrices/roll-rate${query({ ...narrowed(view), month: monthOf(view) })}`),
    cure: () => read(`/v1/matrices/cure${query({ ...narrowed(view), currency: null, month: monthOf(view) })}`),
    vintages: () => read(vintagePath(view, narrowed(view))),
  }),

  panels: (view) => [
    { id: "aging-over-time", title: "Open balances by age, over time", note: "At the end of each period", wide: true, tall: true, keys: ["aging"], draw: (got) => agingOverTime(got, view) },
    agingPanel(view),
    rollPanel(view, { ...narrowed(view), month: monthOf(view) }, (id) => [monthSlider(view, id)]),
    vintagePanel(view, narrowed(view)),
    {
      id: "risk",
      title: "At risk, by month of issue",
      note: "Share still open 90 days after it was due; a month that is not ripe is hatched",
      tall: true,
      keys: ["risk"],
      draw: (got) =>
        overTime(view, [{ label: "At risk", answer: good(got.risk), hue: "--second", bars: true, question: view.ask("at_risk_rate") }], { caption: "At risk, by month of issue" }),
    },
    curePanel({ ...narrowed(view), currency: null, month: monthOf(view) }, (id) => [monthSlider(view, id)]),
  ],
};

/** @param {View} view */
const yearBefore = (view) => format.monthAfter(view.to, -12);

/** @param {Got} got @param {View} view */
function agingOverTime(got, view) {
  const answer = good(got.aging);
  const lines = AGES.map((age, at) => {
    const group = answer?.groups.find(({ key }) => key.bucket === age);
    const own = answer && { ...answer, ...group, series: group?.series ?? [], groups: [] };
    return { label: bucketName(age), answer: own, hue: `--age-${at}`, bars: true, question: view.ask("aging", /** @type {any} */ ({ bucket: [age] })) };
  });
  const first = (/** @type {string} */ age) => lines[AGES.indexOf(age)]?.answer?.series ?? [];
  const overdue = (/** @type {number} */ at) => AGES.slice(1).reduce((sum, age) => sum + (first(age).at(at)?.value ?? 0), 0);
  const show = (/** @type {number} */ value) => format.money(value, answer?.currency ?? view.money, "whole");
  const count = first("current").length;
  const summary = count > 1 ? `Past due: ${show(overdue(count - 1))} at the end, ${show(overdue(0))} at the beginning.` : undefined;
  return overTime(view, lines, { caption: "Open balances by age, per period", stock: true, stacked: true, summary });
}
