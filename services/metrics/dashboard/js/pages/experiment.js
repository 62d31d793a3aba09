// One experiment: the verdict in words first; then how sure it is, day by day; arms; guardrails.

/** @import { Explained, Got, Page, View } from "../../types.js" */

import { h } from "../dom.js";
import * as format from "../format.js";
import { query } from "../http.js";
import { effectWriter, metricName, metricWriter } from "../later/metrics.js";
import { scrolling } from "../table.js";
import { verdictBadge } from "../verdicts.js";

/** @param {View} view */
const path = (view) => `/v1/experiments/${encodeURIComponent(view.rest[0] ?? "")}`;

/** @type {Page} */
export const page = {
  title: "Experiment",
  filters: ["known"],
  crumb: ["/experiments", "All experiments"],
  heading: (got) => got.experiment?.name,
  topKeys: ["experiment"],
  prepare: async (view) => ({ experiment: await view.read(`${path(view)}${query({ as_of: view.asOf })}`) }),

  top(got, view) {
    const one = got.experiment;
    if (!one?.name) return [];
    const facts = [`run ${one.run}`, one.started_on && `since ${format.day(one.started_on)}`, one.stopped_on && `stopped ${format.day(one.stopped_on)}: ${one.because ?? ""}`, view.asOf && `as it was known on ${format.day(view.asOf)}`];
    return [
      h("div", { class: "row plan-head" }, verdictBadge(one.status), verdictBadge(one.verdict)),
      h("p", { class: "verdict" }, one.words),
      h("p", { class: "soft plan-acts" }, facts.filter(Boolean).join(" · ")),
    ];
  },

  panels(view) {
    const one = view.prepared.experiment;
    const keys = ["experiment"];
    if (!one?.arms) return [{ id: "experiment-none", title: "The experiment", wide: "full", keys, draw: () => ({ empty: "There is no such experiment." }) }];
    const champion = one.champion ?? one.arms[0]?.arm;
    const challengers = one.arms.map((/** @type {any} */ arm) => arm.arm).filter((/** @type {string} */ arm) => arm !== champion);
    return [
      ...challengers.map((/** @type {string} */ arm) => ({ id: `effect-${arm}`, title: `${arm} against ${champion}`, note: `${metricName(one.analysis.primary.metric)}: the effect, and the interval that holds at all days at once`, wide: true, tall: true, keys, draw: (/** @type {Got} */ got) => effect(got.experiment, arm) })),
      { id: "guardrails", title: "Guardrails and more", note: "Harm that would end it, and what is only watched", keys, draw: (got) => guardrails(got.experiment) },
      { id: "arms", title: "Arms", wide: "full", keys, draw: (got) => arms(got.experiment, view) },
      { id: "mismatch", title: "Are the arms as drawn?", wide: "full", keys, draw: (got) => mismatch(got.experiment) },
    ];
  },
};

/** @param {any} one @param {string} arm */
function effect(one, arm) {
  const { metric, currency, worthwhile } = one.analysis.primary;
  const show = effectWriter(metric, currency);
  const days = /** @type {any[]} */ (one.series ?? []).filter((each) => each.arm === undefined || each.arm === arm);
  if (!days.length) return { empty: `Not yet ${format.count(one.analysis.at_least)} ripe accounts in each arm: an account counts when its ${format.count(one.analysis.horizon_days)} days are over.` };
  const last = days.at(-1);
  const values = (/** @type {string} */ name) => days.map((each) => each[name]);
  return {
    chart: {
      xs: days.map(({ day }) => format.seconds(day)),
      dated: true,
      xName: (/** @type {number} */ at) => format.day(days[at].day),
      series: [
        { label: "High", values: values("high"), hue: "--accent", show, width: 1 },
        { label: "Low", values: values("low"), hue: "--accent", show, width: 1 },
        { label: "Effect", values: values("effect"), hue: "--accent", show },
      ],
      band: /** @type {[number, number]} */ ([0, 1]),
      axis: (/** @type {number | null | undefined} */ value) => (value === 0 ? "0" : show(value)),
      lines: [{ at: 0, label: "no effect" }, { at: worthwhile, label: "" }, { at: -worthwhile, label: `worthwhile: from ${show(worthwhile)} or ${show(-worthwhile)} on`, right: true, below: true }],
    },
    table: { caption: `The effect of ${arm}, by day`, heads: ["Day", "Effect", "Low", "High"], rows: days.map((each) => ({ name: format.day(each.day), cells: [show(each.effect), show(each.low), show(each.high)] })) },
    summary: `By ${format.day(last.day)}: ${show(last.effect)}, between ${show(last.low)} and ${show(last.high)}. Looking every day does no harm.`,
  };
}

/** @param {any} one */
function guardrails(one) {
  const items = /** @type {any[]} */ (one.comparisons ?? []).filter((each) => each.role !== "primary");
  if (!items.length) return { empty: "It has no guardrail." };
  const lines = items.map((each) => {
    const show = effectWriter(each.metric, each.currency);
    const isKnown = each.effect !== null && each.effect !== undefined;
    const isBroken = each.verdict === "broken" || each.verdict === "harmed";
    const [tone, verdict] = isBroken ? ["bad", "! broken"] : isKnown ? ["good", "✓ holds"] : ["", "… too early to say"];
    return h(
      "li",
      {},
      h("p", { class: "row" }, h("strong", {}, metricName(each.metric)), each.role === "guardrail" ? h("span", { class: `badge ${tone}` }, verdict) : h("span", { class: "badge" }, "only shown")),
      h("p", { class: "note" }, isKnown ? `${each.arm}: ${show(each.effect)}, between ${show(each.low)} and ${show(each.high)}` : `${each.arm}: nothing to compare yet`),
    );
  });
  return { body: [h("ul", { class: "list" }, lines)] };
}

/** @param {any} one @param {View} view */
function arms(one, view) {
  const metrics = metricsOf(one);
  const about = (/** @type {any} */ arm, /** @type {any} */ each, /** @type {any} */ found) =>
    /** @type {Explained} */ ({
      kpi: each.metric,
      title: `${metricName(each.metric)}, ${arm.arm}`,
      path: `${path(view)}/explain`,
      question: { run: one.run, arm: arm.arm, metric: each.metric, currency: each.currency },
      numbers: { value: found.value, numerator: found.numerator, denominator: found.denominator },
      unit: each.metric === "cost" ? "minor" : "ratio",
      currency: each.currency ?? null,
    });
  const rows = one.arms.map((/** @type {any} */ arm) => ({
    name: h("span", {}, arm.arm, arm.arm === one.champion ? h("span", { class: "note" }, " champion") : null),
    cells: [
      format.share(arm.share, 0),
      ...["enrolled", "exposed", "ripe"].map((name) => format.count(arm[name])),
      ...metrics.map((each) => {
        const found = metricOf(arm, each.metric);
        return { text: metricWriter(each.metric, each.currency)(found.value), explain: found.value === null || found.value === undefined ? undefined : about(arm, each, found) };
      }),
    ],
  }));
  const crossed = one.arms.reduce((/** @type {number} */ sum, /** @type {any} */ arm) => sum + (arm.crossed ?? 0), 0);
  return {
    body: [scrolling({ caption: "Arms", heads: ["Arm", "Share", "Enrolled", "Exposed", "Ripe", ...metrics.map(({ metric }) => metricName(metric))], rows })],
    summary: `An account is ripe when its ${format.count(one.analysis.horizon_days)} days are over; it counts once.${crossed ? ` ${format.count(crossed)} were named for another arm later, and stay.` : ""}`,
  };
}

/** @param {any} one @returns {{metric: string, currency?: string | null}[]} */
function metricsOf(one) {
  const { primary, guardrails = [], also = [] } = one.analysis;
  return [primary, ...also, ...guardrails];
}

/** @param {any} arm @param {string} metric */
function metricOf(arm, metric) {
  if (Array.isArray(arm.metrics)) return arm.metrics.find((/** @type {any} */ each) => each.metric === metric) ?? { value: null };
  const found = arm.metrics?.[metric];
  return typeof found === "object" && found !== null ? found : { value: found };
}

/** @param {any} one */
function mismatch(one) {
  const { evidence, is_mismatch: isBad } = one.mismatch;
  const words = isBad ? "No: whether an account is exposed depends on its arm, so nothing can be read off." : "Yes: the arms have the sizes that they were drawn with.";
  return { body: [h("p", {}, h("span", { class: `badge ${isBad ? "bad" : "good"}` }, isBad ? "! mismatch" : "✓ as drawn"), " ", words), h("p", { class: "note" }, `Evidence ${format.number(evidence, 1)}; from 1,000 on it is too much.`)] };
}
