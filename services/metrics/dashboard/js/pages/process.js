// How debts move through the process: steps and waits, what stands still, how quick the machine is.

/** @import { Got, Page, View } from "../../types.js" */

import { h } from "../dom.js";
import * as format from "../format.js";
import { answered, query, read } from "../http.js";
import { scrolling } from "../table.js";

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
    { id: "held-back", title: "Suppressed", note: "Contacts kept back, by rule", keys: ["process"], draw: (got) => suppressed(got.process) },
  ],
};

const words = (/** @type {string} */ step) => step.replaceAll("_", " ");

/** @param {any} process @param {View} view */
function edges(process, view) {
  const items = /** @type {any[]} */ (process.edges ?? []).slice().sort((a, b) => b.count - a.count);
  if (!items.length) return { empty: `Nobody was delinquent ${format.when(view.from, view.to)}.` };
  const most = items[0].count;
  const rows = items.map((edge) => ({
    name: `${words(edge.from)} → ${words(edge.to)}`,
    cells: [{ text: format.count(edge.count), shade: edge.count / most }, half(edge.half_within), { text: "", node: waits(edge), left: true }],
  }));
  const table = scrolling({ caption: "Steps and waits", heads: ["Step", "How often", "Half within", "Waits"], rows });
  return { body: [table], summary: `Most often: ${words(items[0].from)} → ${words(items[0].to)}, ${format.count(most)} times, half of them within ${half(items[0].half_within)}.` };
}

/** @param {unknown} value */
const half = (value) => (value === null || value === undefined ? "–" : typeof value === "number" ? `${format.count(value)} h` : String(value));

/** @param {any} edge */
function waits(edge) {
  const list = /** @type {any[]} */ (edge.waits ?? []).filter((one) => one.count);
  return h("span", { class: "note" }, list.map((one) => `${half(one.class)}: ${format.count(one.count)}`).join(" · "));
}

/** @param {any} process */
function waiting(process) {
  const items = /** @type {any[]} */ (process.waiting ?? []);
  if (!items.length) return { empty: "Nobody stands still." };
  const rows = items.map((one) => ({ name: words(one.step), cells: [format.count(one.accounts), format.count(one.over_7), format.count(one.over_14), { text: format.count(one.over_30), badge: one.over_30 ? "warn" : "" }] }));
  const long = items.reduce((sum, one) => sum + (one.over_30 ?? 0), 0);
  return { body: [scrolling({ caption: "Standing still, by last step", heads: ["Last step", "Accounts", "Over 7 d", "Over 14 d", "Over 30 d"], rows })], summary: long ? `${format.count(long)} accounts have stood still for more than 30 days.` : "Nobody has stood still for more than 30 days." };
}

/** @param {any} process */
function loops(process) {
  const loop = (process.loops ?? []).map((/** @type {any} */ one) => h("li", {}, h("p", {}, `${words(one.step)} 5 times or more: `, h("strong", {}, format.count(one.accounts)), " accounts")));
  const skip = (process.skips ?? []).map((/** @type {any} */ one) => h("li", {}, h("p", {}, `${words(one.step)} reached with nothing done before: `, h("strong", {}, format.count(one.accounts)), " accounts"), h("p", { class: "note" }, `${format.count(one.of_these_suppressed)} of these because a rule kept contacts back`)));
  if (!loop.length && !skip.length) return { empty: "No loop, and no step skipped." };
  return { body: [h("ul", { class: "list" }, loop, skip)] };
}

/** @type {Record<string, string>} */
const LATENCIES = { overdue_detection: "An overdue invoice is noticed", reminder_cancel: "A reminder is cancelled after a payment", payment_intake: "A payment is taken in", till_a_person: "A person answers" };

/** @param {any} process */
function latency(process) {
  const items = /** @type {any[]} */ (process.latency ?? []);
  if (!items.length) return { empty: "Nothing was measured in these days." };
  const rows = items.map((one) => ({ name: LATENCIES[one.name] ?? words(one.name), cells: [format.count(one.n), ...["p50", "p90", "p99"].map((name) => format.duration(one[name]))] }));
  return { body: [scrolling({ caption: "How quick the machine is", heads: ["", "How often", "Half within", "9 of 10", "99 of 100"], rows })], summary: "Upper ends of powers of two: at most so long." };
}

/** @param {any} process */
function payments(process) {
  const found = process.payments;
  if (!found) return { empty: "No payment came in these days." };
  const methods = Array.isArray(found.by_method) ? found.by_method.map((/** @type {any} */ one) => [one.method, one.count]) : Object.entries(found.by_method ?? {});
  const pairs = [...methods.map((/** @type {any[]} */ [name, count]) => [name || "unknown", count]), ["matched by a rule", found.matched_by_rule], ["matched by a person", found.matched_by_person], ["moved to later", found.moved_later], ["given up", found.given_up]];
  return { body: [h("dl", { class: "facts" }, pairs.flatMap(([name, count]) => [h("dt", {}, name), h("dd", {}, format.count(count))]))] };
}

/** @param {any} process */
function suppressed(process) {
  const items = /** @type {any[]} */ (process.suppressed ?? []);
  if (!items.length) return { empty: "No contact was kept back." };
  const rows = items.map((one) => ({ name: h("code", {}, one.rule), cells: [format.count(one.contacts), format.count(one.accounts)] }));
  return { body: [scrolling({ caption: "Kept back, by rule", heads: ["Rule", "Contacts", "Accounts"], rows })] };
}

/** @param {Got} got */
function machine(got) {
  const items = /** @type {any[]} */ (got.lag?.items ?? []);
  const rows = items.map((one) => ({ name: `${one.consumer ?? ""} ${one.topic ?? ""}`, cells: [format.count(one.behind), format.duration(one.oldest_seconds), { text: format.count(one.parked_accounts ?? 0), badge: one.parked_accounts ? "warn" : "" }] }));
  const rebuild = got.rebuild?.generation === undefined ? null : h("dl", { class: "facts" }, [["Generation", got.rebuild.generation], ["To read", got.rebuild.behind], ["Events a second", got.rebuild.events_per_s]].flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, format.count(value))]));
  const summary = got.lag?.behind ? `${format.count(got.lag.behind)} events are not taken in yet.` : "Everything that happened is in the figures.";
  const letters = h("p", { class: "note" }, "Dead letters, and what they hold back, are at ", h("code", {}, "make dead-letters"), ".");
  return { body: [rows.length ? scrolling({ caption: "Lag by topic", heads: ["From", "Behind", "Oldest", "Parked accounts"], rows }) : null, rebuild, letters].filter((each) => each !== null), summary };
}
