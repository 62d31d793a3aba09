// The parts of a plan's page beside its objectives.

/** @import { Drawn } from "../../types.js" */

import { h } from "../dom.js";
import * as format from "../format.js";
import { scrolling } from "../table.js";
import { verdictBadge } from "../verdicts.js";

/** @param {any} progress @param {string} currency @returns {Drawn} */
export function budget(progress, currency) {
  const lines = /** @type {any[]} */ (progress?.budget ?? []);
  if (!lines.length) return { empty: "The plan has no budget line." };
  const money = (/** @type {number | null | undefined} */ value) => format.money(value === null || value === undefined ? value : Math.round(value), currency, "whole");
  const shown = lines.map((line) => {
    const share = line.amount_minor ? line.actual_minor / line.amount_minor : 0;
    const of = line.amount_minor === null ? "not planned" : `of ${money(line.amount_minor)}`;
    const ahead = line.forecast ? `forecast ${money(line.forecast.value)} (${money(line.forecast.low)} to ${money(line.forecast.high)})` : "";
    return h(
      "li",
      {},
      h("p", { class: "row" }, h("strong", {}, line.id), h("span", {}, `${money(line.actual_minor)} ${of} `, line.state ? verdictBadge(line.state) : null)),
      line.amount_minor === null ? null : h("div", { class: `meter ${line.state ?? ""}`, role: "img", "aria-label": `${format.share(share, 0)} of ${line.id} is spent` }, h("i", { style: { width: `${Math.min(100, share * 100)}%` } })),
      ahead || line.because ? h("p", { class: "note" }, line.state === "within" || !line.state ? ahead : line.because || ahead) : null,
    );
  });
  const over = lines.filter((line) => line.state === "over").length;
  return { body: [h("ul", { class: "list" }, shown)], summary: over ? `${over} of ${lines.length} lines ${over === 1 ? "is" : "are"} over.` : "No line is over its amount." };
}

/** @param {any} progress @returns {Drawn} */
export function resources(progress) {
  const { people = [], channels = [], tools = [] } = progress?.resources ?? {};
  if (!people.length && !channels.length) return { empty: "The plan names no people and no channel." };
  const rows = [
    ...people.map((/** @type {any} */ one) => ({ name: one.collector, cells: [`${format.number(one.hours, 1)} h of ${format.number(one.planned_hours, 0)} h`, format.share(one.share, 0)] })),
    ...channels.map((/** @type {any} */ one) => ({ name: one.channel, cells: [`${format.count(one.attempts)} of ${format.count(one.planned)}`, format.share(one.share, 0)] })),
  ];
  const missing = people.filter((/** @type {any} */ one) => one.missing?.length);
  const warnings = missing.map((/** @type {any} */ one) => h("li", {}, h("span", { class: "badge warn" }, "certificate missing"), ` ${one.collector}: ${one.missing.join(", ")}`));
  return { body: [scrolling({ caption: "People and channels, used to date", heads: ["Who, what", "Used to date", "Share"], rows }), warnings.length ? h("ul", {}, warnings) : null, tools.length ? h("p", { class: "note" }, `Tools: ${tools.join(", ")}`) : null].filter((each) => each !== null) };
}

/** @param {any} progress @returns {Drawn} */
export function inForce(progress) {
  const items = /** @type {any[]} */ (progress?.in_force ?? []);
  if (!items.length) return { empty: "The plan names no strategy and no policy." };
  const rows = items.map((one) => ({ name: [one.kind, one.name].filter(Boolean).join(" "), cells: [one.planned, one.in_force ?? "none", { text: "", node: verdictBadge(one.match) }] }));
  const others = items.filter((one) => one.match !== "same").length;
  return { body: [scrolling({ caption: "In force, and planned", heads: ["What", "Planned", "In force", ""], rows })], summary: others ? `${others} of ${items.length} are not as planned.` : "Everything is as planned." };
}

/** @param {any} progress @returns {Drawn} */
export function contingencies(progress) {
  const items = /** @type {any[]} */ (progress?.contingencies ?? []);
  if (!items.length) return { empty: "The plan has no contingency." };
  const lines = items.map((one) => {
    const facts = [(one.action ?? "").replaceAll("_", " "), one.triggered_on && `triggered ${format.day(one.triggered_on)}`, one.from_on && `from ${format.day(one.from_on)}`, one.because];
    return h("li", {}, h("p", { class: "row" }, h("strong", {}, one.id), verdictBadge(one.state)), h("p", { class: "note" }, facts.filter(Boolean).join(" · ")));
  });
  return { body: [h("ul", { class: "list" }, lines)] };
}

/** @param {any} progress @param {any} reviewed @returns {Drawn} */
export function reviews(progress, reviewed) {
  const times = progress?.reviews ?? {};
  const items = /** @type {any[]} */ (reviewed?.items ?? []);
  const words = [times.last_on ? `Last review on ${format.day(times.last_on)}.` : "No review yet.", times.next_on ? `Next on ${format.day(times.next_on)}${times.overdue ? ": overdue" : ""}.` : ""];
  const lines = items.map((one) =>
    h(
      "li",
      {},
      h("p", { class: "row" }, h("strong", {}, format.day(one.for_day)), h("span", { class: "note" }, [one.reviewed_by, one.is_final ? "final" : ""].filter(Boolean).join(" · "))),
      h("p", {}, one.notes),
      h("ul", {}, (one.decisions ?? []).map((/** @type {any} */ each) => h("li", { class: "note" }, [each.text, each.who, each.by && `by ${format.day(each.by)}`].filter(Boolean).join(" · ")))),
    ),
  );
  return { summary: words.filter(Boolean).join(" "), mark: times.overdue ? "overdue" : undefined, body: lines.length ? [h("ul", { class: "list" }, lines)] : [] };
}
