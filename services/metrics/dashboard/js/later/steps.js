// How steps, waits and rules are called where people read them.

import { h } from "../dom.js";
import { named } from "../words.js";
import { peer } from "./peers.js";

/** "overdue-31" → "31 days overdue"; "promise-kept" → "promise kept". @param {string} name */
export function stepName(name) {
  const stage = /^overdue-(\d+)$/.exec(name)?.[1];
  if (stage) return stage === "1" ? "overdue" : `${stage} days overdue`;
  return name.replaceAll(/[-_]/g, " ");
}

/** The longest wait of a class: "12h" → "12 h"; the open class has none.
 * @param {string | null | undefined} name */
export function waitName(name) {
  if (!name) return "–";
  if (name === "open") return "longer";
  return name.replace(/^(\d+)\s*([a-z]+)$/, "$1 $2");
}

/** A rule with the way to its source. What is in small letters is no rule but a reason of ours,
 * such as "no-address": that has none. @param {string | null | undefined} rule */
export function ruleNode(rule) {
  const name = named(rule);
  if (name === name.toLowerCase()) return h("span", {}, name.replaceAll("-", " "));
  const governor = peer("outreach");
  const source = governor === null ? null : h("a", { href: `${governor}/compliance`, target: "_blank", rel: "noreferrer", "aria-label": `Source of ${name}` }, "source");
  return h("span", {}, h("code", {}, name), " ", source);
}
