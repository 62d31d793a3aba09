// From answers to what panels draw: series over periods, as a chart, a table and a sentence.

/** @import { Answer, Drawn, Explained, Question, Serie, TableSpec, View } from "../types.js" */

import * as format from "./format.js";
import { explain } from "./table.js";
import { ripening, whyNone, wordsOf } from "./words.js";

/**
 * @typedef {{label: string, answer: Answer | null, hue: string, question?: Question, bars?: boolean,
 *   dash?: number[], pick?: (part: any) => number | null, unit?: Answer["unit"]}} Line
 */

/** The periods of several answers, in their order. @param {(Answer | null)[]} answers */
function periodsOf(answers) {
  /** @type {Map<string, {from: string, to: string, whole: boolean}>} */
  const found = new Map();
  for (const answer of answers) {
    for (const part of answer?.series ?? []) {
      const isRipe = !part.unripe_minor && !part.pending;
      const known = found.get(part.from);
      found.set(part.from, { from: part.from, to: part.to, whole: (known?.whole ?? true) && part.is_complete !== false && isRipe });
    }
  }
  return [...found.values()].sort((a, b) => (a.from < b.from ? -1 : 1));
}

/**
 * Lines or bars over the periods of some answers.
 * @param {View} view @param {Line[]} lines
 * @param {{caption: string, summary?: string, stock?: boolean, stacked?: boolean}} options
 * @returns {Drawn}
 */
export function overTime(view, lines, { caption, summary, stock = false, stacked = false }) {
  const answers = lines.map(({ answer }) => answer);
  const first = answers.find((answer) => answer !== null);
  let periods = sinceFirst(periodsOf(answers), lines);
  // What a balance is at the end of a period is known in full, whether or not the period is over.
  if (stock) periods = periods.map((period) => ({ ...period, whole: true }));
  const series = lines.map((line) => serieOf(line, periods, view));
  const isEmpty = !periods.length || series.every(({ values, bars }) => values.every((value) => (bars ? !value : value === null)));
  if (isEmpty) return { empty: emptyWords(first, lines[0]?.label ?? "") };
  const short = format.writer(lines[0]?.unit ?? first?.unit, first?.currency ?? view.money, "short");
  const axis = (/** @type {number} */ value) => (first?.unit === "ratio" ? format.tick(value) : first?.unit === "days" ? format.count(value) : Number.isInteger(value) ? short(value) : "");
  const onPick = (/** @type {number} */ at) => {
    const about = aboutPart(lines[0], periods[at]);
    if (about) void explain(about);
  };
  const ripe = answers.map((answer) => (answer ? ripening(answer, answer.currency) : "")).filter(Boolean)[0];
  return {
    chart: { periods, series: stacked ? piled(series) : series, axis, stacked, onPick },
    table: tableOf(caption, periods, lines, series),
    summary: [summary ?? extremes(series, periods), ripe].filter(Boolean).join(" "),
    mark: ripe ? "partly ripe" : undefined,
  };
}

/** Without the periods at the begin of which nothing is known.
 * @param {ReturnType<typeof periodsOf>} periods @param {Line[]} lines */
function sinceFirst(periods, lines) {
  const known = new Set(lines.flatMap(({ answer, pick = (part) => part.value }) => (answer?.series ?? []).filter((part) => pick(part) !== null).map((part) => part.from)));
  return periods.slice(Math.max(0, periods.findIndex(({ from }) => known.has(from))));
}

/** @param {Answer | null | undefined} answer @param {string} label */
function emptyWords(answer, label) {
  if (!answer) return "Nothing is known of these days.";
  return answer.value ? `${label}: nothing to draw ${format.when(answer.from, answer.to)}.` : answer.value === 0 ? `${label}: none ${format.when(answer.from, answer.to)}.` : whyNone(answer);
}

/** @param {Line} line @param {{from: string}[]} periods @param {View} view @returns {Serie} */
function serieOf({ label, answer, hue, bars, dash, pick = (part) => part.value, unit }, periods, view) {
  const found = new Map((answer?.series ?? []).map((part) => [part.from, pick(part)]));
  const show = format.writer(unit ?? answer?.unit, answer?.currency ?? view.money);
  const brief = format.writer(unit ?? answer?.unit, answer?.currency ?? view.money, "whole");
  return { label, hue, bars, dash, show, brief, values: periods.map(({ from }) => found.get(from) ?? null) };
}

/** One upon the other: the topmost first, so that those below are drawn over it. @param {Serie[]} series */
function piled(series) {
  const sums = (series[0]?.values ?? []).map(() => 0);
  const made = series.map((one) => {
    const values = one.values.map((value, at) => (sums[at] = (sums[at] ?? 0) + Math.max(0, value ?? 0)));
    return { ...one, values, raw: one.values, bars: true };
  });
  return made.reverse();
}

/** @param {string} caption @param {any[]} periods @param {Line[]} lines @param {Serie[]} series @returns {TableSpec} */
function tableOf(caption, periods, lines, series) {
  return {
    caption,
    heads: ["Period", ...series.map(({ label }) => label)],
    rows: periods.map((period, at) => ({
      name: format.period(period),
      cells: series.map(({ values, show }, one) => ({ text: show(values[at]), explain: values[at] === null ? undefined : aboutPart(lines[one], period) })),
    })),
  };
}

// Parts of their series look back so many days, so one of them is explained like that, too.
const LOOK_BACK = ["dso", "best_possible_dso", "average_days_delinquent"];
const LOOK_BACK_DAYS = 90;

/** @param {Line | undefined} line @param {{from: string, to: string} | undefined} period @returns {Explained | undefined} */
function aboutPart(line, period) {
  if (!line?.question || !period || !line.answer) return undefined;
  const { answer, question } = line;
  const numbers = answer.series.find((part) => part.from === period.from);
  const title = `${line.label}, ${format.span(period.from, period.to)}`;
  const window = LOOK_BACK.includes(answer.name) ? { window: question.window ?? LOOK_BACK_DAYS } : {};
  return { kpi: answer.name, title, question: { ...question, ...window, from: period.from, to: period.to }, numbers, unit: answer.unit, currency: answer.currency };
}

/** What a chart says in one sentence, with the extremes of its first series.
 * @param {Serie[]} series @param {{from: string, to: string, whole?: boolean}[]} periods */
function extremes(series, periods) {
  return series.slice(0, 2).map((one) => extremesOf(one, periods)).filter(Boolean).join(" ");
}

/** What is the highest, is so of whole periods: a week that has begun is no low one.
 * @param {Serie} serie @param {{from: string, to: string, whole?: boolean}[]} periods */
function extremesOf({ label, values, show: full, brief }, periods) {
  const show = brief ?? full;
  const known = values.flatMap((value, at) => (value === null ? [] : [{ value, at }]));
  const last = known.at(-1);
  if (!last) return "";
  const whole = known.filter(({ at }) => periods[at]?.whole !== false);
  const among = whole.length ? whole : known;
  const high = among.reduce((most, one) => (one.value > most.value ? one : most));
  const low = among.reduce((least, one) => (one.value < least.value ? one : least));
  const on = (/** @type {number} */ at) => format.day(periods[at]?.to ?? "");
  if (known.every(({ value }) => value === last.value)) return `${label}: ${show(last.value)} throughout.`;
  const end = periods[last.at]?.whole === false ? "so far in the last period" : "at the end";
  if (high.value === low.value) return `${label}: ${show(last.value)} ${end}; ${show(high.value)} before.`;
  return `${label}: ${show(last.value)} ${end}; highest ${show(high.value)} (to ${on(high.at)}), lowest ${show(low.value)} (to ${on(low.at)}).`;
}

/** One line of a table per group of an answer. @param {Answer | null} answer @param {string} dimension */
export function groupsOf(answer, dimension) {
  return new Map((answer?.groups ?? []).map((group) => [group.key[dimension] ?? "", group]));
}

/** What a figure of a group is of. @param {Answer} answer @param {Question} question @param {string} dimension @param {string} name @param {string} [title] @returns {Explained} */
export function aboutGroup(answer, question, dimension, name, title) {
  const numbers = groupsOf(answer, dimension).get(name);
  return { kpi: answer.name, title: `${title ?? wordsOf(answer.name).title}, ${name || "unknown"}`, question: { ...question, [dimension]: [name] }, numbers, unit: answer.unit, currency: answer.currency };
}
