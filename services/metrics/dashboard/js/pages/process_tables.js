// Tables of the process page: steps with their waits, who stands still, the machine's own state.

/** @import { Got, View } from "../../types.js" */

import { h } from "../dom.js";
import * as format from "../format.js";
import { stepName, waitName } from "../later/steps.js";
import { scrolling } from "../table.js";

const STEPS_SHOWN = 12;

/** Whether all steps are shown; kept while the page is open. */
const shown = { all: false };

/** @param {any} process @param {View} view */
export function edges(process, view) {
  const items = /** @type {any[]} */ (process.edges ?? []).slice().sort((a, b) => b.count - a.count);
  if (!items.length) return { empty: `Nobody was delinquent ${format.when(view.from, view.to)}.` };
  const place = h("div", {});
  const draw = () => place.replaceChildren(edgesTable(shown.all ? items : items.slice(0, STEPS_SHOWN)), ...(items.length > STEPS_SHOWN ? [turn] : []));
  const label = () => (shown.all ? "Only the most frequent" : `Show all ${format.count(items.length)}`);
  const turn = h("button", { type: "button", "aria-expanded": String(shown.all), on: { click: () => {
    shown.all = !shown.all;
    turn.textContent = label();
    turn.setAttribute("aria-expanded", String(shown.all));
    draw();
    turn.focus();
  } } }, label());
  draw();
  const [first] = items;
  return { body: [place], summary: `Most often: ${stepName(first.from)} → ${stepName(first.to)}, ${times(first.count)}, half of them within ${waitName(first.half_within)}.` };
}

const times = (/** @type {number} */ count) => (count === 1 ? "once" : `${format.count(count)} times`);

/** @param {any[]} items */
function edgesTable(items) {
  const most = items[0].count;
  const rows = items.map((edge) => ({
    name: `${stepName(edge.from)} → ${stepName(edge.to)}`,
    cells: [{ text: format.count(edge.count), shade: edge.count / most }, waitName(edge.half_within), { text: "", node: waits(edge), left: true }],
  }));
  return scrolling({ caption: "Steps and waits", heads: ["Step", "How often", "Half within", "How many within"], rows });
}

/** @param {any} edge */
function waits(edge) {
  const list = /** @type {any[]} */ (edge.waits ?? []).filter((one) => one.count);
  return h("span", { class: "note" }, list.map((one) => `${waitName(one.class)}: ${format.count(one.count)}`).join(" · "));
}

/** @param {any} process */
export function waiting(process) {
  const items = /** @type {any[]} */ (process.waiting ?? []).slice().sort((a, b) => b.over_30 - a.over_30 || b.accounts - a.accounts);
  if (!items.length) return { empty: "Nobody stands still." };
  const rows = items.map((one) => ({ name: stepName(one.step), cells: [format.count(one.accounts), format.count(one.over_7), format.count(one.over_14), { text: format.count(one.over_30), badge: one.over_30 ? "warn" : "" }] }));
  const long = items.reduce((sum, one) => sum + (one.over_30 ?? 0), 0);
  const summary = long ? `${long === 1 ? "One account has" : `${format.count(long)} accounts have`} stood still for more than 30 days.` : "Nobody has stood still for more than 30 days.";
  return { body: [scrolling({ caption: "Standing still, by last step", heads: ["Last step", "Accounts", "Over 7 d", "Over 14 d", "Over 30 d"], rows })], summary };
}

/** @param {Got} got */
export function machine(got) {
  const items = /** @type {any[]} */ (got.lag?.items ?? []);
  const rows = items.map((one) => ({ name: topicName(one.topic ?? one.consumer ?? ""), cells: [format.count(one.behind), one.behind ? format.duration(one.oldest_seconds) : "–", { text: format.count(one.parked_accounts ?? 0), badge: one.parked_accounts ? "warn" : "" }] }));
  const parked = items.reduce((sum, one) => sum + (one.parked_accounts ?? 0), 0);
  const behind = got.lag?.behind ? `${format.count(got.lag.behind)} events are not taken in yet.` : "Everything that happened is in the figures.";
  const held = parked ? ` ${parked === 1 ? "One account is" : `${format.count(parked)} accounts are`} parked: events of theirs could not be taken in.` : " No account is parked.";
  const letters = h("p", { class: "note" }, "Dead letters, and what they hold back, are at ", h("code", {}, "make dead-letters"), ".");
  const table = rows.length ? [scrolling({ caption: "Lag by topic", heads: ["Events of", "Not taken in", "Oldest waits", "Parked accounts"], rows })] : [];
  return { body: [...table, h("p", {}, rebuildOf(got.rebuild)), letters], summary: behind + held };
}

/** "segmentation.events" → "segmentation"; "ledger.tenants" → "ledger, tenants". @param {string} topic */
const topicName = (topic) => topic.replace(/\.events$/, "").replace(".", ", ");

/** @param {any} rebuild */
function rebuildOf(rebuild) {
  if (rebuild?.generation === undefined) return "Whether the figures are being computed anew is not known.";
  const { behind, total, generation } = rebuild;
  if (!behind || !total) return `No rebuild is under way. The figures are of generation ${format.count(rebuild.in_use ?? generation)}.`;
  const pace = rebuild.events_per_s ? `, ${format.count(rebuild.events_per_s)} events a second` : "";
  const ends = rebuild.ends_at ? `, done about ${format.instant(rebuild.ends_at)}` : "";
  return `Generation ${format.count(generation)} is being computed: ${format.share(1 - behind / total, 0)} of ${format.count(total)} events${pace}${ends}. Meanwhile generation ${format.count(rebuild.in_use)} is shown.`;
}
