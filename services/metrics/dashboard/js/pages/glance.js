// The first page: how things stand, in ten seconds.

/** @import { Got, Page, Question, View } from "../../types.js" */
/** @import { TileSpec } from "../tile.js" */

import { agingPanel } from "../ages.js";
import { h } from "../dom.js";
import { overTime } from "../draw.js";
import * as format from "../format.js";
import { read } from "../http.js";
import { good } from "../query.js";
import { tile } from "../tile.js";
import { lastMonth } from "../view.js";
import { alertsPanel, plansPanel, readPlans } from "../watchlist.js";

const YEAR = 365;

/** @param {View} view @returns {TileSpec[]} */
function tiles(view) {
  const { interval, compare } = view;
  const month = lastMonth(view);
  const coarse = interval === "day" ? "week" : interval;
  const over = (/** @type {string} */ kpi, /** @type {Partial<Question>} */ more = {}) => view.ask(kpi, { interval: coarse, compare, ...more });
  /** @type {TileSpec[]} */
  const specs = [
    { key: "recovery", kpi: "recovery_rate", question: over("recovery_rate") },
    {
      key: "liquidation",
      kpi: "liquidation_rate",
      title: `Liquidation, ${format.month(month.from)}`,
      question: view.ask("liquidation_rate", { ...month, compare }),
      note: (answer) => (answer.at ? `looked at on ${format.day(answer.at)}` : ""),
    },
    {
      key: "dso",
      kpi: "dso",
      title: "DSO (90 days)",
      question: over("dso"),
      note: (_, got) => `countback ${format.days(good(got.countback)?.value)}`,
    },
    { key: "cei", kpi: "collection_effectiveness_index", question: over("collection_effectiveness_index") },
    { key: "pay", kpi: "average_days_to_pay", question: over("average_days_to_pay") },
    { key: "cure", kpi: "cure_rate", question: over("cure_rate"), note: (answer) => (answer.self_cured ? `${format.count(answer.self_cured)} ${answer.self_cured === 1 ? "by itself" : "by themselves"}` : "") },
    {
      key: "risk",
      kpi: "at_risk_rate",
      title: "At risk (issued in 12 months)",
      question: over("at_risk_rate", { from: format.shift(view.to, 1 - YEAR), interval: "month" }),
    },
    { key: "cost", kpi: "cost_to_collect", question: over("cost_to_collect") },
  ];
  return specs.map((spec) => ({ ...spec, restated: view.asOf ? `${spec.key} now` : undefined }));
}

/** @type {Page} */
export const page = {
  title: "Collections at a glance",
  topKeys: ["recovery", "liquidation", "dso", "countback", "cei", "pay", "cure", "risk", "cost", "received", "invoiced", "aging", "overdue", "alerts", "plans"],

  questions(view) {
    const { compare, interval } = view;
    /** @type {Record<string, Question>} */
    const asked = Object.fromEntries(tiles(view).map(({ key, question }) => [key, question]));
    if (view.asOf) {
      for (const { key, question } of tiles(view)) {
        const { as_of: _, interval: __, compare: ___, ...now } = question;
        asked[`${key} now`] = now;
      }
    }
    return {
      ...asked,
      countback: view.ask("dso_countback"),
      received: view.ask("received", { interval, compare }),
      invoiced: view.ask("invoiced", { interval, compare }),
      aging: view.ask("aging", { group_by: "bucket" }),
    };
  },

  reads: () => ({ alerts: () => read("/v1/alerts?state=raised"), plans: readPlans }),

  top: (got, view) => [standing(got, view), h("h2", { class: "sr" }, "Key figures"), h("ul", { class: "tiles" }, tiles(view).map((spec) => tile(spec, got, view)))],

  panels: (view) => [
    {
      id: "cash",
      title: "Cash in, invoices out",
      note: "Payments received and invoices issued, per period",
      wide: true,
      keys: ["received", "invoiced"],
      draw: (got) =>
        overTime(
          view,
          [
            { label: "Received", answer: got.received, hue: "--accent", bars: true, question: view.ask("received") },
            { label: "Invoiced", answer: got.invoiced, hue: "--third", bars: true, question: view.ask("invoiced") },
          ],
          { caption: "Received and invoiced, per period" },
        ),
    },
    agingPanel(view),
    alertsPanel(view),
    plansPanel(),
  ],
};

/** The state of things in two or three sentences. @param {Got} got @param {View} view */
function standing(got, view) {
  const groups = good(got.aging)?.groups ?? [];
  const of = (/** @type {(bucket: string) => boolean} */ is) => groups.filter((group) => is(group.key.bucket ?? "")).reduce((sum, group) => sum + (group.value ?? 0), 0);
  const [open, overdue] = [of(() => true), of((bucket) => bucket !== "current")];
  const bad = of((bucket) => bucket === "121+" || bucket === "91-120");
  const money = (/** @type {number} */ value) => h("strong", {}, format.money(value, view.money, "whole"));
  /** @type {(Node | string)[]} */
  const words = [];
  if (groups.length && open > 0) {
    words.push(money(open), " is open", view.asOf ? " as it was known then" : "", "; ");
    const part = overdue >= open ? ["all of it is past due"] : [money(overdue), ` of it (${format.share(overdue / open, 0)}) is past due`];
    words.push(...(overdue > 0 ? part : ["none of it is past due"]));
    words.push(...(bad > 0 ? [", ", money(bad), " by more than 90 days"] : []), ". ");
  } else if (groups.length) words.push("Nothing is open. ");
  words.push(...came(got, view, money), ...wanting(got));
  return h("p", { class: "standing" }, words);
}

/** @param {Got} got @param {View} view @param {(value: number) => Node} money */
function came(got, view, money) {
  const received = good(got.received);
  if (received?.value === null || received?.value === undefined) return [];
  const before = received.previous?.value ?? null;
  const words = [`In these ${view.days} days `, money(received.value), " came in"];
  if (before !== null && before > 0) {
    const change = received.value / before - 1;
    const far = format.share(Math.abs(change), 0);
    const than = view.compare === "year" ? "a year earlier" : `in the ${view.days} days before`;
    if (far === format.share(0, 0)) words.push(`, as much as ${than}`);
    else words.push(", ", h("span", { class: change > 0 ? "better" : "worse" }, `${far} ${change > 0 ? "more" : "less"}`), ` than ${than}`);
  }
  return [...words, ". "];
}

/** What waits for a person. @param {Got} got */
function wanting(got) {
  const alerts = (got.alerts?.items ?? []).length;
  const off = (got.plans?.items ?? []).flatMap((/** @type {any} */ plan) => (plan.progress?.objectives ?? []).filter((/** @type {any} */ one) => ["off_track", "missed"].includes(one.verdict)));
  const words = [];
  if (alerts) words.push(h("a", { href: "#alerts" }, `${alerts} ${alerts === 1 ? "alert waits" : "alerts wait"} for somebody`), ". ");
  if (off.length) words.push(h("a", { href: "#plans" }, `${off.length} ${off.length === 1 ? "objective is" : "objectives are"} off track`), ". ");
  if (got.alerts?.items && !alerts && !off.length) words.push("No alert is raised.");
  return words;
}
