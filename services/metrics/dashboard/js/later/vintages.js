// Cohorts as they ripen: one line per month of issue or of entry, over the months since.

/** @import { Explained, Got, PanelSpec, View } from "../../types.js" */

import { change } from "../address.js";
import { select } from "../fields.js";
import * as format from "../format.js";
import { query } from "../http.js";
import { explain } from "../table.js";

const COHORTS = 12;
const HUES = ["--accent", "--third", "--second", "--fourth", "--age-1", "--age-5"];
const DASHES = [[], [6, 4], [2, 3]];

const MEASURES = /** @type {const} */ ([
  ["entry.recovered", "recovered, of debts that entered collections"],
  ["issue.paid", "paid, of invoices issued"],
  ["issue.overdue", "overdue, of invoices issued"],
  ["issue.written_off", "written off, of invoices issued"],
]);

/** @param {View} view */
function chosen(view) {
  const found = MEASURES.find(([name]) => name === view.filters.vintage) ?? MEASURES[0];
  const [of, measure] = found[0].split(".");
  return { of, measure, words: found[1], name: found[0] };
}

/** @param {View} view @param {Record<string, any>} narrowed */
export function vintagePath(view, narrowed) {
  const { of, measure } = chosen(view);
  const to = view.to.slice(0, 7);
  return `/v1/cohorts${query({ ...narrowed, of, measure, from: format.monthAfter(`${to}-01`, 1 - COHORTS).slice(0, 7), to })}`;
}

/** @param {View} view @param {Record<string, any>} narrowed @returns {PanelSpec} */
export function vintagePanel(view, narrowed) {
  const options = MEASURES.map(([name, words]) => /** @type {const} */ ([name, words]));
  return {
    id: "vintages",
    title: "Vintages",
    note: "One line per month; the farther right, the older it is",
    wide: true,
    tall: true,
    keys: ["vintages"],
    controls: () => [select("vintage", "Share", options, chosen(view).name, (value) => change({ vintage: value }), "inline")],
    draw: (got) => draw(got, view, narrowed),
  };
}

/** @param {Got} got @param {View} view @param {Record<string, any>} narrowed */
function draw(got, view, narrowed) {
  const { of, measure, words } = chosen(view);
  const cohorts = /** @type {any[]} */ (got.vintages.items ?? []).filter((one) => one.base_minor > 0 && one.points?.some((/** @type {any} */ point) => point.share !== null));
  if (!cohorts.length) return { empty: "No month of these is over yet." };
  const ages = Array.from({ length: Math.max(...cohorts.map((one) => one.points.length)) }, (_, at) => at);
  const point = (/** @type {any} */ cohort, /** @type {number} */ age) => cohort.points.find((/** @type {any} */ one) => one.age === age);
  const name = (/** @type {any} */ cohort) => format.month(`${cohort.cohort.slice(0, 7)}-01`);
  const about = (/** @type {any} */ cohort, /** @type {number} */ age) => {
    const found = point(cohort, age);
    if (!found) return undefined;
    return /** @type {Explained} */ ({
      kpi: measure === "recovered" ? "liquidation_rate" : measure === "written_off" ? "write_off_rate" : "at_risk_rate",
      title: `${name(cohort)}, after ${age} months: ${words}`,
      path: "/v1/cohorts/explain",
      question: { ...narrowed, of, measure, cohort: cohort.cohort, age },
      numbers: { value: found.share, numerator: found.value, denominator: cohort.base_minor },
      unit: "ratio",
      currency: view.currency,
    });
  };
  const series = cohorts.map((cohort, at) => ({
    label: name(cohort),
    hue: HUES[at % HUES.length] ?? "--accent",
    dash: DASHES[Math.floor(at / HUES.length) % DASHES.length],
    values: ages.map((age) => point(cohort, age)?.share ?? null),
    show: (/** @type {number | null | undefined} */ value) => format.share(value),
  }));
  const oldest = cohorts[0];
  const newest = cohorts.at(-1);
  return {
    chart: {
      xs: ages,
      xShow: (/** @type {number} */ age) => (Number.isInteger(age) ? `${age} mo` : ""),
      xName: (/** @type {number} */ at) => (at === 0 ? "In the month itself" : `${at} months later`),
      series,
      axis: (/** @type {number} */ value) => format.share(value, 0),
      legend: false,
      hover: (/** @type {number} */ at, /** @type {number | null} */ idx) => `${series[at]?.label}${idx === null ? "" : `: ${format.share(series[at]?.values[idx])} after ${idx} months`}`,
      onPick: (/** @type {number} */ at, /** @type {number | null} */ serie) => {
        const found = serie === null ? undefined : about(cohorts[serie], at);
        if (found) void explain(found);
      },
    },
    table: {
      caption: `Vintages: ${words}`,
      heads: ["Month", "Base", ...ages.map((age) => `${age} mo`)],
      rows: cohorts.map((cohort) => ({
        name: name(cohort),
        cells: [format.money(cohort.base_minor, view.currency, "whole"), ...ages.map((age) => ({ text: point(cohort, age) ? format.share(point(cohort, age).share, 0) : "", shade: point(cohort, age)?.share, explain: about(cohort, age) }))],
      })),
    },
    summary: `${name(oldest)}: ${format.share(oldest.points.at(-1).share)} after ${oldest.points.at(-1).age} months. ${name(newest)}: ${format.share(newest.points.at(-1).share)} so far. Point at a line to see its month.`,
  };
}
