// The way of a plan's objective: what was, what was expected, what is forecast.

import * as format from "../format.js";

/** @param {any} judged one of the progress' objectives @param {any} plan @param {string} day @param {(value: number | null | undefined) => string} show @param {(value: number | null | undefined) => string} brief */
export function pathChart(judged, plan, day, show, brief) {
  /** @type {{on: string, value: number}[]} */
  const points = (judged.path ?? []).filter((/** @type {any} */ point) => point.on >= plan.from && point.on <= day);
  if (!points.some(({ on }) => on === day) && judged.value !== null) points.push({ on: day, value: judged.value });
  const by = judged.by ?? judged.forecast?.by ?? plan.to;
  const start = format.shift(plan.from, -1);
  const days = [...new Set([start, ...points.map(({ on }) => on), day, by])].filter(Boolean).sort();
  const at = (/** @type {string} */ on) => points.find((point) => point.on === on)?.value ?? null;
  const ahead = (/** @type {"value" | "low" | "high"} */ name) => days.map((on) => (on === day ? judged.value : on === by && judged.forecast ? judged.forecast[name] : null));
  const path = days.map((on) => (judged.baseline === null || judged.baseline === undefined ? null : along(judged, start, by, on)));
  const last = judged.forecast;
  const seen = [
    { label: "High", values: ahead("high"), hue: "--third", show, width: 0 },
    { label: "Low", values: ahead("low"), hue: "--third", show, width: 0 },
    { label: "Forecast", values: ahead("value"), hue: "--third", show, dash: [4, 4] },
  ];
  return {
    chart: {
      xs: days.map(format.seconds),
      dated: true,
      xName: (/** @type {number} */ idx) => format.day(days[idx] ?? day),
      zero: false,
      series: [
        ...(last ? seen : []),
        { label: "Expected", values: path, hue: "--soft", show, dash: [2, 4] },
        { label: "Actual", values: days.map(at), hue: "--accent", show },
      ],
      band: last ? /** @type {[number, number]} */ ([0, 1]) : undefined,
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
