// One person, for a talk: rates with their range and what others have in the same mix.

/** @import { Got, Page, View } from "../../types.js" */

import { act, ask, button, may } from "../acts.js";
import { factList, h } from "../dom.js";
import * as format from "../format.js";
import { query, read } from "../http.js";
import { moneyOf } from "../later/people_figures.js";
import { scrolling } from "../table.js";
import { verdictBadge } from "../verdicts.js";

const RATES = /** @type {const} */ ([
  ["right_party_contact_rate", "Right party reached"],
  ["promise_rate", "Promises, of those reached"],
  ["promise_kept_rate", "Promises kept"],
  ["disputes_after", "Disputes within 7 days after"],
  ["opt_outs_after", "Opt-outs within 7 days after"],
]);

/** @param {View} view */
const path = (view) => `/people/${encodeURIComponent(view.rest[0] ?? "")}`;

/** @type {Page} */
export const page = {
  title: "Person",
  filters: ["period"],
  crumb: ["/people", "All people"],
  heading: () => decodeURIComponent(location.pathname.split("/")[2] ?? ""),
  reads: (view) => ({ person: () => read(`/v1${path(view)}${query({ from: view.from, to: view.to, queue: view.filters.queue })}`) }),
  panels: (view) => [
    { id: "rates", title: "Rates", note: "With the range of chance (95 %), and what others have in the same mix of segments", wide: "full", keys: ["person"], draw: (got) => rates(got.person) },
    { id: "conversations", title: "Conversations", note: "What was talked about; both see it", wide: true, keys: ["person"], draw: (got) => conversations(got, view) },
    { id: "work", title: "Work", keys: ["person"], draw: (got) => work(got.person, view) },
  ],
};

/** @param {any} one */
function rates(one) {
  const rows = RATES.map(([name, title]) => {
    const rate = one[name] ?? {};
    const peers = rate.peers ?? {};
    const others = peers.median === null || peers.median === undefined ? "too few others" : `${format.share(peers.p25, 0)} – ${format.share(peers.median, 0)} – ${format.share(peers.p75, 0)}`;
    return { name: title, cells: [format.share(rate.value), rate.low === null || rate.low === undefined ? "–" : `${format.share(rate.low)} to ${format.share(rate.high)}`, format.share(rate.expected), { text: "", node: rate.word ? verdictBadge(rate.word) : h("span", {}, "–") }, others] };
  });
  return { body: [scrolling({ caption: "Rates", heads: ["Rate of", "Rate", "Range of chance", "Expected", "Against it", "Others: quarter, half, three quarters"], rows })] };
}

/** @param {any} one @param {View} view */
function work(one, view) {
  const pairs = [
    ["Tasks", format.count(one.tasks)],
    ["Median time", format.duration(one.seconds_median)],
    ["Attempts", format.count(one.attempts)],
    ["Recovered", moneyOf(one.recovered, view.currency)],
    ["Cost", moneyOf(one.cost, view.currency)],
    ["Satisfaction", format.share(one.satisfaction?.value ?? one.satisfaction)],
    ["Review score", format.number(one.review_score, 1)],
    ["Reviews", format.count(one.reviews)],
    ["Recognitions", format.count(one.recognitions)],
  ];
  const certificates = (one.certificates ?? []).map((/** @type {any} */ each) => h("li", {}, `${each.name} `, each.suspended ? h("span", { class: "badge bad" }, "suspended") : h("span", { class: "badge good" }, each.valid_until ? `until ${format.day(each.valid_until)}` : "valid")));
  return { body: [factList(pairs), certificates.length ? h("ul", {}, certificates) : null].filter((each) => each !== null) };
}

/** @param {Got} got @param {View} view */
function conversations(got, view) {
  const items = /** @type {any[]} */ (got.person.conversations ?? []);
  const lines = items.map((one) => h("li", {}, h("p", { class: "row" }, h("strong", {}, format.day(one.on)), h("span", { class: "note" }, one.by ?? "")), h("p", {}, one.notes), one.agreed?.length ? h("ul", {}, one.agreed.map((/** @type {string} */ each) => h("li", { class: "note" }, `✓ ${each}`))) : null));
  const write = may(view, "metrics:people", ["supervisor", "manager"]) ? [button("Note a conversation", () => note(view))] : [];
  return { body: [lines.length ? h("ul", { class: "list" }, lines) : h("p", { class: "soft" }, "None is noted yet."), h("div", { class: "buttons" }, write)] };
}

/** @param {View} view */
function note(view) {
  ask({
    title: "Note a conversation",
    text: "Both of you see it.",
    verb: "Keep it",
    fields: [
      { name: "on", label: "Day", kind: "date", required: true },
      { name: "notes", label: "What was talked about", kind: "area", required: true },
      { name: "agreed", label: "What was agreed, one line each", kind: "area" },
    ],
    run: ({ on, notes, agreed }) => act("POST", `${path(view)}/conversations`, { on, notes, agreed: agreed.split("\n").map((/** @type {string} */ line) => line.trim()).filter(Boolean) }, "Noted."),
  });
}
