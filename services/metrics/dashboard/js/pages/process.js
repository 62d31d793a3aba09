// How debts move through the process: steps and waits, what stands still, how quick the machine is.

/** @import { Page } from "../../types.js" */

import { factList, h } from "../dom.js";
import * as format from "../format.js";
import { answered, query, read } from "../http.js";
import { ruleNode, stepName } from "../later/steps.js";
import { scrolling } from "../table.js";
import { cap } from "../words.js";
import { edges, machine, waiting } from "./process_tables.js";

/** @type {Page} */
export const page = {
  title: "Process",
  filters: ["period", "more"],
  reads: (view) => ({
    process: () => read(`/v1/process${query({ from: view.from, to: view.to, segment: view.filters.segment })}`),
    lag: () => read("/v1/lag"),
    rebuild: () => answered("/v1/rebuild"),
  }),
  panels: (view) => [
    { id: "edges", title: "Steps and waits", note: "From one step to the next: how often, and how long half of them take", wide: "full", keys: ["process"], draw: (got) => edges(got.process, view) },
    { id: "waiting", title: "Standing still", note: "By the last step of those still delinquent", wide: true, keys: ["process"], draw: (got) => waiting(got.process) },
    { id: "loops", title: "Loops and skips", keys: ["process"], draw: (got) => loops(got.process) },
    { id: "latency", title: "How quick the machine is", wide: true, keys: ["process"], draw: (got) => latency(got.process) },
    { id: "payments", title: "Payments", keys: ["process"], draw: (got) => payments(got.process) },
    { id: "machine", title: "Lag, parked, rebuild", wide: true, keys: ["lag"], optional: ["rebuild"], draw: machine },
    { id: "held-back", title: "Kept back by a rule", note: "Contacts that were planned and not made", keys: ["process"], draw: (got) => suppressed(got.process) },
  ],
};

/** @param {any} process */
function loops(process) {
  const loop = (process.loops ?? []).map((/** @type {any} */ one) => h("li", {}, h("p", {}, `${cap(stepName(one.step))} 5 times or more: `, h("strong", {}, format.count(one.accounts)), one.accounts === 1 ? " account" : " accounts")));
  const skip = (process.skips ?? []).map((/** @type {any} */ one) => h("li", {}, h("p", {}, `${cap(stepName(one.step))} reached with nothing done before: `, h("strong", {}, format.count(one.accounts)), one.accounts === 1 ? " account" : " accounts"), h("p", { class: "note" }, `${format.count(one.of_these_suppressed)} of these because a rule kept contacts back`)));
  if (!loop.length && !skip.length) return { empty: "No loop, and no step skipped." };
  return { body: [h("ul", { class: "list" }, loop, skip)] };
}

/** @type {Record<string, string>} */
const LATENCIES = { overdue_detection: "An overdue invoice is noticed", reminder_cancel: "A reminder is cancelled after a payment", payment_intake: "A payment is taken in", till_a_person: "A person answers" };

/** @param {any} process */
function latency(process) {
  const items = /** @type {any[]} */ (process.latency ?? []);
  if (!items.length) return { empty: "Nothing was measured in these days." };
  const rows = items.map((one) => ({ name: LATENCIES[one.name] ?? cap(stepName(one.name)), cells: [format.count(one.n), ...["p50", "p90", "p99"].map((name) => format.duration(one[name]))] }));
  return { body: [scrolling({ caption: "How quick the machine is", heads: ["What", "How often", "Half within", "9 of 10", "99 of 100"], rows })], summary: "Each is at most so long: times are counted in classes, each twice as wide as the one before." };
}

/** @param {any} process */
function payments(process) {
  const found = process.payments;
  if (!found) return { empty: "No payment came in these days." };
  const methods = Array.isArray(found.by_method) ? found.by_method.map((/** @type {any} */ one) => [one.method, one.count]) : Object.entries(found.by_method ?? {});
  const pairs = [...methods.map((/** @type {any[]} */ [name, count]) => [`paid by ${name ? stepName(name) : "a way that is not known"}`, count]), ["matched by a rule", found.matched_by_rule], ["matched by a person", found.matched_by_person], ["moved to later", found.moved_later], ["given up", found.given_up]];
  return { body: [factList(pairs.map(([name, count]) => [name, format.count(count)]))] };
}

/** @param {any} process */
function suppressed(process) {
  const items = /** @type {any[]} */ (process.suppressed ?? []).slice().sort((a, b) => b.contacts - a.contacts);
  if (!items.length) return { empty: "No contact was kept back." };
  const rows = items.map((one) => ({ name: ruleNode(one.rule), cells: [format.count(one.contacts), format.count(one.accounts)] }));
  return { body: [scrolling({ caption: "Kept back, by rule", heads: ["Rule", "Contacts", "Accounts"], rows })] };
}
