// The metrics that experiments are judged by: what they are called and how they are written.

import * as format from "../format.js";

/** @type {Record<string, string>} */
const NAMES = {
  recovered_share: "share recovered",
  settled: "settled",
  cost: "cost per account",
  attempts: "attempts per account",
  promised: "promised",
  disputed: "disputed",
  opted_out: "opted out",
  low_score: "scores of 1 or 2",
  retained: "bought again",
};

/** @param {string} metric */
export const metricName = (metric) => NAMES[metric] ?? metric.replaceAll("_", " ");

/** @param {string} metric @param {string | null | undefined} currency @returns {(value: number | null | undefined) => string} */
export function metricWriter(metric, currency) {
  if (metric === "cost" && currency) return (value) => format.money(value === null || value === undefined ? value : Math.round(value), currency);
  if (metric === "attempts") return (value) => format.number(value, 2);
  return (value) => format.share(value);
}

/** An effect: shares differ by points. @param {string} metric @param {string | null | undefined} currency @returns {(value: number | null | undefined) => string} */
export function effectWriter(metric, currency) {
  const write = metricWriter(metric, currency);
  return (value) => {
    if (value === null || value === undefined) return "–";
    const far = metric === "cost" || metric === "attempts" ? write(Math.abs(value)) : format.points(Math.abs(value));
    return `${value < 0 ? "−" : "+"}${far}`;
  };
}
