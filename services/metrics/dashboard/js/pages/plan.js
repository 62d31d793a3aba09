// One collection plan: objectives with path, band and target; money, people, what is in force, acts.

/** @import { Page, PanelSpec, View } from "../../types.js" */

import { h } from "../dom.js";
import * as format from "../format.js";
import { read } from "../http.js";
import { planActs } from "../later/plan_acts.js";
import { budget, contingencies, inForce, resources, reviews } from "../later/plan_parts.js";
import { isProblem } from "../query.js";
import { scrolling } from "../table.js";
import { pathChart } from "../later/plan_figures.js";
import { verdictBadge } from "../verdicts.js";
import { wordsOf } from "../words.js";

/** @param {View} view */
const id = (view) => encodeURIComponent(view.rest[0] ?? "");

/** @type {Page} */
export const page = {
  title: "Collection plan",
  filters: ["known"],
  crumb: ["/plans", "All plans"],
  heading: (got) => got.plan?.title ?? got.plan?.plan_id,
  topKeys: ["plan", "progress"],

  async prepare(view) {
    const version = view.filters.version ? `?version=${encodeURIComponent(view.filters.version)}` : "";
    const [plan, progress] = await Promise.all([view.read(`/v1/plans/${id(view)}${version}`), view.read(`/v1/plans/${id(view)}/progress${view.asOf ? `?as_of=${view.asOf}` : ""}`)]);
    return { plan: flat(plan), progress };
  },
  reads: (view) => ({ reviewed: () => read(`/v1/plans/${id(view)}/reviews`) }),

  top(got, view) {
    const { plan, progress } = got;
    if (!plan?.plan_id) return [];
    const days = plan.from && plan.to ? format.span(plan.from, plan.to) : "no days yet";
    const facts = [days, plan.currency, `version ${plan.version}`, plan.approved_by && `approved by ${plan.approved_by}`, progress?.day && `as of ${format.day(progress.day)}`];
    return [
      h("p", { class: "row plan-head" }, verdictBadge(plan.state), h("span", { class: "soft" }, facts.filter(Boolean).join(" · "))),
      h("div", { class: "buttons plan-acts" }, planActs(plan, view)),
    ];
  },

  panels(view) {
    const { plan, progress } = view.prepared;
    const judged = /** @type {any[]} */ (progress?.objectives ?? []);
    const keys = ["plan", "progress"];
    if (!plan?.plan_id) return [{ id: "plan-none", title: "The plan", wide: "full", keys: ["plan"], draw: () => ({ empty: "There is no such plan." }) }];
    if (!progress?.day) return [written(plan, view)];
    return [
      ...judged.map((one) => objective(one, plan, progress, view)),
      { id: "budget", title: "Budget", note: "What was spent, and where it leads", wide: true, keys, draw: (got) => budget(got.progress, plan.currency) },
      { id: "resources", title: "People and channels", keys, draw: (got) => resources(got.progress) },
      { id: "in-force", title: "In force", note: "What rules today, and what the plan names", wide: true, keys, draw: (got) => inForce(got.progress) },
      { id: "contingencies", title: "If things go wrong", note: "What is done by itself", keys, draw: (got) => contingencies(got.progress) },
      { id: "reviews", title: "Reviews", wide: "full", keys, optional: ["reviewed"], draw: (got) => reviews(got.progress, got.reviewed) },
    ];
  },
};

/** What is wanted, of a plan that is not judged yet. @param {any} plan @param {View} view @returns {PanelSpec} */
function written(plan, view) {
  const rows = (plan.objectives ?? []).map((/** @type {any} */ one) => {
    const show = format.writer(view.kpis.get(one.kpi)?.unit, plan.currency, "whole");
    const [word, value] = one.at_least !== undefined ? ["at least", one.at_least] : ["at most", one.at_most];
    return { name: one.id, cells: [{ text: wordsOf(one.kpi).title, left: true }, { text: `${word} ${show(value)}`, left: true }, one.by ? format.day(one.by) : "", { text: one.why ?? "", left: true }] };
  });
  const draw = (/** @type {any} */ got) => ({
    empty: rows.length ? undefined : "It has no objective yet.",
    body: rows.length ? [scrolling({ caption: "Objectives", heads: ["Objective", "KPI", "Wanted", "By", "Why"], rows })] : [],
    summary: isProblem(got.progress) ? (got.progress.detail ?? "") : "It is judged from its first day on.",
  });
  return { id: "written", title: "Objectives", wide: "full", keys: ["plan"], optional: ["progress"], draw };
}

/** The plan's document with what is said of it. @param {any} found */
function flat(found) {
  if (!found?.document) return found;
  const version = (found.versions ?? []).find((/** @type {any} */ each) => each.version === found.version) ?? {};
  const { authors, approved_by, approved_on } = version;
  return { ...found.document, ...found, authors, approved_by, approved_on };
}

/** @param {any} one @param {any} plan @param {any} progress @param {View} view @returns {PanelSpec} */
function objective(one, plan, progress, view) {
  const unit = one.unit ?? view.kpis.get(one.kpi)?.unit;
  const show = format.writer(unit, plan.currency, "whole");
  const asked = (plan.objectives ?? []).find((/** @type {any} */ each) => each.id === one.id) ?? {};
  const split = Object.entries(asked.split ?? {}).map(([name, value]) => `${name} ${value}`).join(", ");
  const wanted = `${(one.wanted ?? (asked.at_least !== undefined ? "at_least" : "at_most")).replace("_", " ")} ${show(one.target)} by ${format.day(one.by ?? asked.by ?? plan.to)}`;
  const all = /** @type {any[]} */ (progress.objectives ?? []);
  const isAlone = all.length % 2 === 1 && all.at(-1)?.id === one.id;
  return {
    id: `objective-${one.id}`,
    title: one.id,
    note: [wordsOf(one.kpi).title, split, asked.why].filter(Boolean).join(" · "),
    wide: isAlone ? "full" : "half",
    keys: ["plan", "progress"],
    draw() {
      const words = [`Now ${show(one.value)}; wanted: ${wanted}.`];
      if (one.forecast) words.push(`Forecast ${show(one.forecast.value)}, between ${show(one.forecast.low)} and ${show(one.forecast.high)} in 4 of 5 cases, as ${format.count(one.forecast.errors)} forecasts of the past went.`);
      else if (one.verdict === "too_early") words.push("Too few weeks are known to look ahead.");
      return { ...pathChart(one, plan, progress.day, show, unit === "ratio" ? (value) => format.tick(value ?? 0) : unit === "days" ? (value) => `${format.count(value)} d` : format.writer(unit, plan.currency, "short")), controls: [verdictBadge(one.verdict, one.provisional)], summary: words.join(" ") };
    },
  };
}
