// How collecting goes: what comes back, how soon, what is promised and kept, what is lost.

/** @import { Got, Page, Question, View } from "../../types.js" */

import { aboutGroup, groupsOf, overTime } from "../draw.js";
import { h } from "../dom.js";
import * as format from "../format.js";
import { good } from "../query.js";
import { explain, scrolling } from "../table.js";
import { tile } from "../tile.js";
import { named } from "../words.js";
import { feedbackPanel, readFeedback } from "./satisfaction.js";

const YEAR = 365;

/** @param {View} view @returns {import("../tile.js").TileSpec[]} */
function tiles(view) {
  const { compare, interval } = view;
  const over = (/** @type {string} */ kpi) => view.ask(kpi, { interval, compare });
  const back = { from: format.shift(view.to, 1 - YEAR) };
  return [
    { key: "recovered", kpi: "recovered", question: over("recovered") },
    { key: "recover", kpi: "time_to_recover", title: "Half is recovered within", question: view.ask("time_to_recover", { compare }), note: (answer) => (answer.mean ? `on average ${format.days(answer.mean)}` : "") },
    { key: "losses", kpi: "write_off_rate", question: over("write_off_rate") },
    { key: "reduction", kpi: "loss_reduction", question: view.ask("loss_reduction", { compare }) },
    { key: "kept tile", kpi: "promise_kept_rate", question: view.ask("promise_kept_rate", { interval, compare, by: "count" }) },
    { key: "disputes tile", kpi: "dispute_rate", title: "Accounts in dispute", question: view.ask("dispute_rate", { per: "account", compare }) },
    { key: "retention", kpi: "retention_rate", title: "Retention (cured in a year)", question: view.ask("retention_rate", { ...back, compare }) },
    { key: "satisfaction", kpi: "satisfaction", question: over("satisfaction"), note: (answer) => (answer.mean ? `mean ${format.number(answer.mean, 1)} of 5` : "") },
  ];
}

/** @param {View} view */
const bySegment = (view) => ({
  recovery: view.ask("recovery_rate", { group_by: "segment" }),
  liquidation: view.ask("liquidation_rate", { group_by: "segment" }),
  recoveredBy: view.ask("recovered", { group_by: "segment" }),
  enteredBy: view.ask("entered", { group_by: "segment" }),
});

/** @type {Page} */
export const page = {
  title: "Collections",
  topKeys: ["recovered", "recover", "losses", "reduction", "kept tile", "disputes tile", "retention", "satisfaction"],

  questions: (view) => ({
    ...Object.fromEntries(tiles(view).map(({ key, question }) => [key, question])),
    ...bySegment(view),
    survival: view.ask("time_to_recover", { curve: true }),
    promised: view.ask("promise_rate", { interval: view.interval }),
    kept: view.ask("promise_kept_rate", { interval: view.interval }),
    disputes: view.ask("dispute_rate", { from: format.monthAfter(view.to, -12), interval: "month" }),
    written: view.ask("written_off", { interval: view.interval }),
  }),

  reads: (view) => ({ feedback: () => readFeedback(view) }),

  top: (got, view) => [h("h2", { class: "sr" }, "Key figures"), h("ul", { class: "tiles" }, tiles(view).map((spec) => tile(spec, got, view)))],

  panels: (view) => [
    { id: "segments", title: "By segment", note: "Recovery by the segment just before a debt entered collections, the rest by the one it was in on the day", wide: true, keys: ["recovery", "liquidation", "recoveredBy", "enteredBy"], draw: (got) => segments(got, view) },
    { id: "promises", title: "Promises", note: "Right-party contacts that end in one; amounts judged kept", keys: ["promised", "kept"], draw: (got) => promises(got, view) },
    { id: "survival", title: "How long debts stay open", note: "Share of what entered that is not recovered yet, by days since entry (Kaplan–Meier)", wide: true, tall: true, keys: ["survival"], draw: (got) => survival(got, view) },
    {
      id: "disputes",
      title: "Disputes, by month of issue",
      note: "Invoices disputed by now",
      tall: true,
      keys: ["disputes"],
      draw: (got) => overTime(view, [{ label: "Disputed", answer: good(got.disputes), hue: "--second", bars: true, question: view.ask("dispute_rate") }], { caption: "Disputes, by month of issue" }),
    },
    {
      id: "losses",
      title: "Losses",
      note: "Written off, less what was recovered after it",
      wide: true,
      keys: ["written"],
      draw: (got) => overTime(view, [{ label: "Written off", answer: good(got.written), hue: "--age-5", bars: true, question: view.ask("written_off") }], { caption: "Written off, per period" }),
    },
    feedbackPanel(view),
  ],
};

/** @param {Got} got @param {View} view */
function segments(got, view) {
  const questions = /** @type {Record<string, Question>} */ (bySegment(view));
  const columns = Object.keys(questions);
  const maps = columns.map((key) => groupsOf(good(got[key]), "segment"));
  const names = [...new Set(maps.flatMap((map) => [...map.keys()]))];
  if (!names.length) return { empty: `No debt was in collections ${format.when(view.from, view.to)}.` };
  const entered = maps[3];
  names.sort((a, b) => (entered?.get(b)?.value ?? 0) - (entered?.get(a)?.value ?? 0) || a.localeCompare(b));
  const cell = (/** @type {number} */ at, /** @type {string} */ name) => {
    const answer = good(got[columns[at] ?? ""]);
    const value = maps[at]?.get(name)?.value;
    const show = format.writer(answer?.unit, answer?.currency, "whole");
    const about = answer && value !== null && value !== undefined ? aboutGroup(answer, /** @type {Question} */ (questions[columns[at] ?? ""]), "segment", name) : undefined;
    return { text: show(value), explain: about, shade: at < 2 && value ? value : undefined };
  };
  const rates = names.flatMap((name) => (maps[0]?.get(name)?.value === null || !maps[0]?.get(name) ? [] : [{ name, value: /** @type {number} */ (maps[0]?.get(name)?.value) }]));
  const best = rates.reduce((most, one) => (one.value > most.value ? one : most), rates[0] ?? { name: "", value: 0 });
  const least = rates.reduce((low, one) => (one.value < low.value ? one : low), rates[0] ?? { name: "", value: 0 });
  const table = scrolling({ caption: "Recovery and liquidation by segment", heads: ["Segment", "Recovery", "Liquidation", "Recovered", "Entered"], rows: names.map((name) => ({ name: named(name), cells: [0, 1, 2, 3].map((at) => cell(at, name)) })) });
  const summary = rates.length > 1 ? `Recovery is highest in ${named(best.name)} (${format.share(best.value)}) and lowest in ${named(least.name)} (${format.share(least.value)}).` : "";
  return { body: [table], summary };
}

/** @param {Got} got @param {View} view */
function promises(got, view) {
  return overTime(
    view,
    [
      { label: "Kept", answer: good(got.kept), hue: "--accent", question: view.ask("promise_kept_rate") },
      { label: "Promised", answer: good(got.promised), hue: "--third", dash: [6, 5], question: view.ask("promise_rate") },
    ],
    { caption: "Promises made and kept, per period" },
  );
}

/** @param {Got} got @param {View} view */
function survival(got, view) {
  const answer = good(got.survival);
  const curve = answer?.curve ?? [];
  if (!answer || !curve.length) return { empty: `No debt entered collections ${format.when(view.from, view.to)}.` };
  const question = view.ask("time_to_recover");
  const about = { kpi: "time_to_recover", title: "Time to recover", question, numbers: answer, unit: /** @type {const} */ ("days"), currency: answer.currency };
  const half = answer.value === null ? "Less than half is recovered so far" : `Half is recovered within ${format.days(answer.value)}`;
  const most = answer.p90 === null || answer.p90 === undefined ? "" : `, nine tenths within ${format.days(answer.p90)}`;
  const kept = curve.filter((_, at) => at % Math.ceil(curve.length / 30) === 0 || at === curve.length - 1);
  return {
    chart: {
      xs: curve.map(({ day }) => day),
      xShow: (/** @type {number} */ day) => (Number.isInteger(day) ? `${day} d` : ""),
      xName: (/** @type {number} */ at) => `After ${curve[at]?.day} days`,
      series: [{ label: "Not recovered", hue: "--accent", values: curve.map(({ open }) => open), show: (/** @type {number | null | undefined} */ value) => format.share(value), area: true, width: 2, stepped: true }],
      axis: (/** @type {number} */ value) => format.share(value, 0),
      lines: [{ at: 0.5, label: answer.value === null ? "half" : `half: ${format.days(answer.value)}`, right: true }],
      onPick: () => void explain(about),
    },
    table: { caption: "Share not recovered, by days since entry", heads: ["Days since entry", "Not recovered"], rows: kept.map(({ day, open }) => ({ name: format.count(day), cells: [format.share(open)] })) },
    summary: `${half}${most}. On average ${format.days(answer.mean)}, as far as ${format.count(answer.restricted_to ?? curve.length)} days tell.`,
  };
}
