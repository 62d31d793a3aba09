// The way of a plan's objectives: what was, what was expected, what is forecast.

/** @import { Got, Question, View } from "../../types.js" */

import * as format from "../format.js";
import { good } from "../query.js";
import { wholeMonths } from "../view.js";

const QUESTIONS = 36; // of all objectives together: a page may ask 50
const WEEKS = 20;

/** @param {any} plan @param {any} progress @param {View} view @returns {Record<string, Question>} */
export function pathQuestions(plan, progress, view) {
  const objectives = /** @type {any[]} */ (plan?.objectives ?? []);
  if (!objectives.length || !progress?.day) return {};
  const each = Math.max(2, Math.min(WEEKS, Math.floor(QUESTIONS / objectives.length)));
  /** @type {Record<string, Question>} */
  const asked = {};
  for (const objective of objectives.slice(0, QUESTIONS / 2)) {
    for (let week = 0; week < each; week += 1) {
      const to = format.shift(progress.day, -7 * week);
      if (to < plan.from) break;
      asked[`${objective.id} ${to}`] = question(objective, plan, to, view);
    }
  }
  return asked;
}

/** @param {any} objective @param {any} plan @param {string} to @param {View} view @returns {Question} */
function question(objective, plan, to, view) {
  const currency = view.kpis.get(objective.kpi)?.dimensions.includes("currency") ? (objective.currency ?? plan.currency) : undefined;
  const split = Object.fromEntries(Object.entries(objective.split ?? {}).map(([name, value]) => [name, [value]]));
  const days = objective.days ?? 90;
  const month = wholeMonths({ to, today: format.shift(to, 1) }, 1)[0];
  const window = days === "plan" ? { from: plan.from, to } : days === "month" && month ? month : { from: format.shift(to, 1 - days), to };
  return { kpi: objective.kpi, ...split, ...(currency && { currency }), ...window };
}

/** @param {any} judged one of the progress' objectives @param {any} plan @param {string} day @param {Got} got @param {(value: number | null | undefined) => string} show @param {(value: number | null | undefined) => string} brief */
export function pathChart(judged, plan, day, got, show, brief) {
  const points = Object.entries(got)
    .filter(([key]) => key.startsWith(`${judged.id} `))
    .flatMap(([key, reply]) => {
      const value = good(reply)?.value;
      return value === null || value === undefined ? [] : [{ on: key.slice(judged.id.length + 1), value }];
    });
  if (!points.some(({ on }) => on === day) && judged.value !== null) points.push({ on: day, value: judged.value });
  const by = judged.by ?? judged.forecast?.by ?? plan.to;
  const start = format.shift(plan.from, -1);
  const days = [...new Set([start, ...points.map(({ on }) => on), day, by])].filter(Boolean).sort();
  const at = (/** @type {string} */ on) => points.find((point) => point.on === on)?.value ?? null;
  const ahead = (/** @type {"value" | "low" | "high"} */ name) => days.map((on) => (on === day ? judged.value : on === by && judged.forecast ? judged.forecast[name] : null));
  const path = days.map((on) => (judged.baseline === null || judged.baseline === undefined ? null : along(judged, start, by, on)));
  const last = judged.forecast;
  return {
    chart: {
      xs: days.map(format.seconds),
      dated: true,
      xName: (/** @type {number} */ idx) => format.day(days[idx] ?? day),
      zero: false,
      series: [
        { label: "High", values: ahead("high"), hue: "--third", show, width: 0, quiet: true },
        { label: "Low", values: ahead("low"), hue: "--third", show, width: 0, quiet: true },
        { label: "Forecast", values: ahead("value"), hue: "--third", show, dash: [4, 4] },
        { label: "Expected", values: path, hue: "--soft", show, dash: [2, 4] },
        { label: "Actual", values: days.map(at), hue: "--accent", show },
      ],
      band: /** @type {[number, number]} */ ([0, 1]),
      axis: brief,
      lines: [{ at: judged.target, label: `target ${show(judged.target)}` }],
    },
    table: {
      caption: `${judged.id}: actual, expected and forecast`,
      heads: ["Day", "Actual", "Expected", "Forecast", "Low", "High"],
      rows: days.map((on, idx) => ({ name: format.day(on), cells: [show(at(on)), show(path[idx]), ...(on === by && last ? [show(last.value), show(last.low), show(last.high)] : ["", "", ""])] })),
    },
  };
}

/** The straight way from the baseline to the target. @param {any} judged @param {string} start @param {string} by @param {string} on */
function along(judged, start, by, on) {
  const whole = format.length(start, by) - 1;
  return judged.baseline + ((judged.target - judged.baseline) * (format.length(start, on) - 1)) / Math.max(1, whole);
}
