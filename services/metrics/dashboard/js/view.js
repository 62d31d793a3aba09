// What a page is drawn by: the filters of the address, with every default made good.

/** @import { Catalogued, Filters, Interval, Me, Question, View } from "../types.js" */

import * as format from "./format.js";
import { answered } from "./http.js";

const DAYS = 90;

/** @typedef {{today: string, currencies: string[]}} Survey */

/**
 * @param {Filters} filters
 * @param {string} path
 * @param {Survey} survey
 * @param {Me} me
 * @param {Map<string, Catalogued>} kpis
 * @returns {View}
 */
export function viewOf(filters, path, survey, me, kpis) {
  const to = filters.to ?? survey.today;
  const wanted = filters.from ?? format.shift(to, 1 - DAYS);
  const from = wanted > to ? to : wanted;
  const days = format.length(from, to);
  const known = survey.currencies;
  const currency = filters.currency ?? known[0] ?? "EUR";
  const interval = /** @type {Interval} */ (filters.interval ?? fitting(days));
  const view = {
    filters,
    path,
    rest: path.split("/").slice(2).map(decodeURIComponent).filter(Boolean),
    today: survey.today,
    currencies: known.includes(currency) ? known : [...known, currency],
    currency,
    money: filters.in ?? currency,
    from,
    to,
    days,
    interval,
    compare: /** @type {"previous" | "year"} */ (filters.compare === "year" ? "year" : "previous"),
    asOf: filters.as_of,
    me,
    kpis,
    prepared: {},
  };
  return { ...view, read: answered, ask: (kpi, more = {}) => question(view, kpi, more) };
}

/** Coarse enough to read: a ratio of one day says little. @param {number} days @returns {Interval} */
function fitting(days) {
  if (days <= 31) return "day";
  return days <= 190 ? "week" : "month";
}

/**
 * A KPI under the page's filters; those it cannot be split by are left out (the page says so).
 * @param {Omit<View, "ask" | "read">} view @param {string} kpi @param {Partial<Question>} more
 * @returns {Question}
 */
function question(view, kpi, more) {
  const { filters } = view;
  const splits = view.kpis.get(kpi)?.dimensions ?? [];
  const arms = filters.arm.filter(() => splits.includes("arm")).map((arm) => arm.split("/"));
  /** @type {Question} */
  const made = { kpi, from: view.from, to: view.to };
  if (splits.includes("currency")) {
    if (filters.in) made.in = filters.in;
    else made.currency = view.currency;
  }
  if (view.asOf) made.as_of = view.asOf;
  for (const name of /** @type {const} */ (["segment", "country", "kind"])) {
    if (filters[name].length && splits.includes(name)) made[name] = filters[name];
  }
  if (arms.length) {
    made.experiment = arms[0]?.[0];
    made.arm = arms.map(([, arm]) => arm ?? "");
  }
  const all = { ...made, ...more };
  return /** @type {any} */ (Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined && value !== null)));
}

/** The filters that say something which this KPI cannot be split by.
 * @param {View} view @param {string} kpi */
export function unheeded(view, kpi) {
  const splits = view.kpis.get(kpi)?.dimensions;
  if (!splits) return [];
  const names = /** @type {const} */ (["segment", "country", "kind", "arm"]);
  return names.filter((name) => view.filters[name].length && !splits.includes(name));
}

/** The whole months that have ended by the window's end, the latest of them last.
 * @param {{to: string, today: string}} view @param {number} count */
export function wholeMonths({ to, today }, count) {
  const isOver = format.shift(to, 1).endsWith("-01") && to < today;
  const latest = format.monthAfter(to, isOver ? 0 : -1);
  return Array.from({ length: count }, (_, at) => {
    const from = format.monthAfter(latest, at + 1 - count);
    return { from, to: format.shift(format.monthAfter(from), -1) };
  });
}

/** The last month that has ended. @param {{to: string, today: string}} view */
export const lastMonth = (view) => /** @type {{from: string, to: string}} */ (wholeMonths(view, 1)[0]);
