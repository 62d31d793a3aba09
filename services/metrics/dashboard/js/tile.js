// A key figure: its value, how it changed, its target, its way.

/** @import { Answer, Explained, Question, Reply, View } from "../types.js" */

import { h } from "./dom.js";
import * as format from "./format.js";
import { good, isProblem } from "./query.js";
import { spark } from "./spark.js";
import { explain, figure } from "./table.js";
import { faultOf, ripening, whyNone, wordsOf } from "./words.js";
import { unheeded } from "./view.js";

/**
 * @typedef {{key: string, kpi: string, title?: string, note?: (answer: Answer, got: any) => string,
 *   question: Question, restated?: string}} TileSpec
 */

/** @param {TileSpec} spec @param {Record<string, Reply>} got @param {View} view */
export function tile(spec, got, view) {
  const words = wordsOf(spec.kpi);
  const title = spec.title ?? words.title;
  const reply = got[spec.key];
  const answer = good(reply);
  const about = answer && explained(spec, answer, title);
  const show = format.writer(answer?.unit, answer?.currency ?? view.money, "whole");
  const value = answer ? show(answer.value) : "–";
  const made = h(
    "li",
    { class: "tile card", data: { kpi: spec.key } },
    h("h3", {}, title),
    h("p", { class: "value" }, about && answer.value !== null ? figure(value, about) : value),
    h("p", { class: "change" }, ...lines(answer, reply, show, view)),
    h("p", { class: "note" }, note(spec, answer, got, view)),
    answer && spark(answer.series?.map((part) => part.value) ?? [], answer.series?.at(-1)?.is_complete === false),
    answer && restatedMark(spec, answer, got, about),
  );
  return made;
}

/** @param {TileSpec} spec @param {Answer} answer @param {string} title @returns {Explained} */
function explained(spec, answer, title) {
  return { kpi: spec.kpi, title, question: spec.question, numbers: answer, unit: answer.unit, currency: answer.currency };
}

/** @param {Answer | null} answer @param {Reply | undefined} reply @param {(value: number) => string} show @param {View} view */
function lines(answer, reply, show, view) {
  if (isProblem(reply)) return [h("span", { class: "error" }, `Not answered: ${faultOf(reply)}`)];
  if (!answer) return [" "];
  if (answer.value === null) return [whyNone(answer)];
  return [...changed(answer, show, view), ...targeted(answer, show, view)];
}

/** "▲ 2.1 pp than before", with a word for whether that is good. @param {Answer} answer @param {(value: number) => string} show @param {View} view */
function changed(answer, show, view) {
  const difference = answer.change?.absolute ?? null;
  const since = view.compare === "year" ? "than a year earlier" : "than before";
  if (difference === null) return ["no earlier value"];
  const far = (answer.unit === "ratio" ? format.points : show)(Math.abs(difference));
  if (far === (answer.unit === "ratio" ? format.points : show)(0)) return ["as before"];
  const better = view.kpis.get(answer.name)?.better;
  const isBetter = better ? (difference > 0) === (better === "higher") : null;
  const kind = isBetter === null ? "" : isBetter ? "better" : "worse";
  return [h("b", { class: kind }, `${difference > 0 ? "▲" : "▼"} ${far}`), ` ${kind || (difference > 0 ? "more" : "less")} ${since}`];
}

/** @param {Answer} answer @param {(value: number) => string} show @param {View} view */
function targeted(answer, show, view) {
  const { target } = answer;
  if (target === null || answer.value === null) return [];
  const better = view.kpis.get(answer.name)?.better ?? "higher";
  const reached = better === "higher" ? answer.value >= target : answer.value <= target;
  const word = reached ? "reached" : "not reached";
  return [h("br"), h("span", { class: `target ${reached ? "better" : ""}` }, `${reached ? "✓" : "○"} target ${show(target)} ${word}`)];
}

/** @param {TileSpec} spec @param {Answer | null} answer @param {Record<string, Reply>} got @param {View} view */
function note(spec, answer, got, view) {
  const parts = answer ? [spec.note?.(answer, got), ripening(answer, answer.currency)] : [];
  const without = unheeded(view, spec.kpi);
  if (without.length) parts.push(`over every ${without.join(" and ")}`);
  return parts.filter(Boolean).join(" · ");
}

/** With `as_of`: whether the same question has another answer by now. @param {TileSpec} spec @param {Answer} answer @param {Record<string, Reply>} got @param {Explained | null} about */
function restatedMark(spec, answer, got, about) {
  const now = spec.restated ? good(got[spec.restated]) : null;
  if (!now || !about || now.value === answer.value) return null;
  const show = format.writer(now.unit, now.currency, "whole");
  const open = () => explain({ ...about, path: "restatements" });
  return h("button", { type: "button", class: "badge info restated", on: { click: open } }, `restated since: ${show(now.value)}`);
}
