// Verdicts of plans, budgets and tests as badges: a word with its colour, and a sign for both.

import { h } from "./dom.js";

/** @type {Record<string, [string, string, string]>} kind, sign, words */
const VERDICTS = {
  ahead: ["good", "▲", "ahead"],
  on_track: ["good", "✓", "on track"],
  met: ["good", "✓", "met"],
  within: ["good", "✓", "within"],
  at_risk: ["warn", "!", "at risk"],
  off_track: ["bad", "▼", "off track"],
  missed: ["bad", "×", "missed"],
  over: ["bad", "▲", "over"],
  too_early: ["", "…", "too early to say"],
  better: ["good", "▲", "better"],
  worse: ["bad", "▼", "worse"],
  no_difference: ["", "=", "no difference worth acting on"],
  undecided: ["", "…", "undecided"],
  harmed: ["bad", "!", "harmed"],
  mismatch: ["bad", "!", "mismatch"],
  same: ["good", "✓", "as planned"],
  other: ["warn", "!", "another one"],
  none: ["warn", "!", "none"],
  draft: ["", "…", "draft"],
  approved: ["info", "✓", "approved"],
  running: ["good", "▶", "running"],
  reviewed: ["info", "✓", "reviewed"],
  closed: ["", "■", "closed"],
  armed: ["", "…", "armed"],
  triggered: ["warn", "!", "triggered"],
  waiting: ["warn", "…", "waits for an approval"],
  acted: ["info", "✓", "acted"],
  failed: ["bad", "×", "failed"],
  above: ["good", "▲", "above expected"],
  below: ["warn", "▼", "below expected"],
  "as expected": ["", "=", "as expected"],
  stopped: ["", "■", "stopped"],
};

/** @param {string | null | undefined} verdict @param {boolean} [provisional] */
export function verdictBadge(verdict, provisional = false) {
  const [kind, sign, words] = VERDICTS[verdict ?? ""] ?? ["", "–", (verdict ?? "not judged").replaceAll("_", " ")];
  return h("span", { class: `badge ${kind}` }, h("span", { "aria-hidden": "true" }, sign), ` ${words}${provisional ? ", for now" : ""}`);
}
