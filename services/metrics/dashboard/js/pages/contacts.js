// Contacts: from the attempt to the kept promise, by channel; what was kept back; what it costs.

/** @import { Got, Page, Question, View } from "../../types.js" */

import { aboutGroup, groupsOf, overTime } from "../draw.js";
import { h } from "../dom.js";
import * as format from "../format.js";
import { good } from "../query.js";
import { ruleNode } from "../later/steps.js";
import { explain, figure, scrolling } from "../table.js";
import { named, ripening } from "../words.js";

/** @param {View} view @returns {Record<string, Question>} */
const funnelQuestions = (view) => ({
  answered: view.ask("contact_rate", { group_by: "channel" }),
  reached: view.ask("right_party_contact_rate", { group_by: "channel" }),
  promised: view.ask("promise_rate", { group_by: "channel" }),
  kept: view.ask("promise_kept_rate", { group_by: "channel", by: "count" }),
});

/** @type {Page} */
export const page = {
  title: "Contacts",

  questions: (view) => ({
    ...funnelQuestions(view),
    contacts: view.ask("contacts", { interval: view.interval }),
    suppressed: view.ask("suppressed_contact_rate", { interval: view.interval }),
    byRule: view.ask("suppressed_contact_rate", { group_by: "rule" }),
    optOuts: view.ask("opt_out_rate", { group_by: "channel", interval: view.interval }),
    cost: view.ask("cost_to_collect", { group_by: "channel" }),
  }),

  panels: (view) => [
    { id: "funnel", title: "From the attempt to the kept promise", note: "All channels together. Promises are of every conversation, those that people had included", wide: true, keys: Object.keys(funnelQuestions(view)), draw: (got) => funnel(got, view) },
    { id: "rules", title: "Kept back by a rule", note: "Contacts that were planned and not made; each rule with its source", keys: ["byRule", "suppressed"], draw: (got) => rules(got, view) },
    { id: "channels", title: "By channel", note: "How far contacts get", wide: true, keys: Object.keys(funnelQuestions(view)), draw: (got) => channels(got, view) },
    { id: "touch", title: "Cost per unit recovered", note: "By the last contact before the payment, at most 30 days old", keys: ["cost"], draw: (got) => touch(got, view) },
    {
      id: "sent",
      title: "Sent and kept back",
      note: "Per period, in all currencies",
      wide: true,
      keys: ["contacts", "suppressed"],
      draw: (got) =>
        overTime(
          view,
          [
            { label: "Sent", answer: good(got.contacts), hue: "--accent", bars: true, question: view.ask("contacts"), unit: "count" },
            { label: "Kept back", answer: good(got.suppressed), hue: "--second", bars: true, pick: (part) => part.numerator, unit: "count", question: view.ask("suppressed_contact_rate") },
          ],
          { caption: "Contacts sent and kept back, per period" },
        ),
    },
    { id: "optouts", title: "Opt-outs", note: "Consents revoked, as a share of attempts", keys: ["optOuts"], draw: (got) => overTime(view, [{ label: "Opt-outs", answer: good(got.optOuts), hue: "--second", question: view.ask("opt_out_rate") }], { caption: "Opt-outs, per period" }) },
  ],
};

/** @param {Got} got */
const steps = (got) =>
  /** @type {const} */ ([
    ["Attempts", got.answered.denominator, "answered", "denominator"],
    ["Answered", got.answered.numerator, "answered", "numerator"],
    ["Right party", got.reached.numerator, "reached", "numerator"],
    ["Promise", got.promised.numerator, "promised", "numerator"],
    ["Kept", got.kept.numerator, "kept", "numerator"],
  ]);

/** What a step is a share of: a promise is of conversations, a judgement of promises.
 * @param {string} name @param {import("../../types.js").Answer | null} answer @param {number} share */
function base(name, answer, share) {
  if (name === "Attempts") return "";
  if (name === "Promise") return answer?.denominator ? `${format.share(answer.value, 0)} of ${format.count(answer.denominator)} conversations` : "no conversation";
  if (name === "Kept") return answer?.denominator ? `${format.share(answer.value, 0)} of ${format.count(answer.denominator)} judged` : "none judged yet";
  return `${format.share(share, share < 0.1 ? 1 : 0)} of attempts`;
}

/** @param {Got} got @param {View} view */
function funnel(got, view) {
  const all = steps(got);
  const attempts = all[0][1] ?? 0;
  if (!attempts) return { empty: `There were no attempts ${format.when(view.from, view.to)}.` };
  const questions = funnelQuestions(view);
  const lines = all.map(([name, value, key, side]) => {
    const question = /** @type {Question} */ (questions[key]);
    const answer = good(got[key]);
    const about = answer ? { kpi: answer.name, title: name, question, numbers: answer, unit: answer.unit, currency: null, ...(side === "denominator" && { part: side }) } : undefined;
    const share = (value ?? 0) / attempts;
    const of = base(name, answer, share);
    return h(
      "li",
      {},
      h("span", {}, name),
      h("span", { class: "bar" }, h("i", { style: { width: `calc(${Math.min(1, share)} * (100% - var(--words)))` } }), h("b", {}, figure(format.count(value), about)), h("span", { class: "soft" }, of)),
    );
  });
  const reached = good(got.reached)?.numerator ?? 0;
  const kept = good(got.kept)?.numerator ?? 0;
  const summary = `Of ${format.count(attempts)} attempts, ${format.count(got.answered.numerator)} were answered and ${format.count(reached)} reached the right person; ${format.count(kept)} promises were kept in these days.`;
  return { body: [h("ol", { class: "funnel" }, lines)], summary, mark: ripening(got.answered, null) ? "still growing" : undefined };
}

/** @param {Got} got @param {View} view */
function channels(got, view) {
  const questions = funnelQuestions(view);
  const keys = Object.keys(questions);
  const maps = keys.map((key) => groupsOf(good(got[key]), "channel"));
  const names = [...new Set(maps.flatMap((map) => [...map.keys()]))];
  if (!names.length) return { empty: `There were no attempts ${format.when(view.from, view.to)}.` };
  names.sort((a, b) => (maps[0]?.get(b)?.denominator ?? 0) - (maps[0]?.get(a)?.denominator ?? 0) || a.localeCompare(b));
  const rows = names.map((name) => ({
    name: named(name),
    cells: [
      format.count(maps[0]?.get(name)?.denominator),
      ...keys.map((key, at) => {
        const answer = good(got[key]);
        const value = maps[at]?.get(name)?.value;
        const isKnown = value !== null && value !== undefined;
        return { text: format.share(value), shade: isKnown ? value : undefined, explain: answer && isKnown ? aboutGroup(answer, /** @type {Question} */ (questions[key]), "channel", name) : undefined };
      }),
    ],
  }));
  return { body: [scrolling({ caption: "Contacts by channel", heads: ["Channel", "Attempts", "Answered", "Right party", "Promise, of those reached", "Kept, of those judged"], rows })] };
}

/** @param {Got} got @param {View} view */
function rules(got, view) {
  const answer = good(got.byRule);
  const groups = (answer?.groups ?? []).filter((group) => group.numerator).sort((a, b) => (b.numerator ?? 0) - (a.numerator ?? 0));
  const whole = good(got.suppressed);
  if (!groups.length) return { empty: `No contact was kept back ${format.when(view.from, view.to)}.` };
  const rows = groups.map((group) => {
    const rule = group.key.rule ?? "";
    return { name: ruleNode(rule), cells: [{ text: format.count(group.numerator), explain: answer ? aboutGroup(answer, view.ask("suppressed_contact_rate"), "rule", rule) : undefined }, format.share(group.value)] };
  });
  const summary = `${format.count(whole?.numerator)} of ${format.count(whole?.denominator)} planned contacts were kept back (${format.share(whole?.value)}). One contact may be kept back by several rules.`;
  return { body: [scrolling({ caption: "Contacts kept back, by rule", heads: ["Rule", "Contacts", "Of planned"], rows })], summary };
}

/** @param {Got} got @param {View} view */
function touch(got, view) {
  const answer = good(got.cost);
  const groups = (answer?.groups ?? []).slice().sort((a, b) => (b.denominator ?? 0) - (a.denominator ?? 0));
  if (!answer || !groups.length) return { empty: `Nothing was spent ${format.when(view.from, view.to)}.` };
  const question = view.ask("cost_to_collect", { group_by: "channel" });
  const currency = answer.currency ?? view.money;
  const money = (/** @type {number | null} */ value) => format.money(value, currency, "whole");
  const rows = groups.map((group) => {
    const name = group.key.channel ?? "";
    return { name: name || "no channel", cells: [money(group.numerator), money(group.denominator), { text: format.share(group.value), explain: group.value === null ? undefined : aboutGroup(answer, question, "channel", name) }] };
  });
  const untouched = answer.untouched_minor ? ` ${money(answer.untouched_minor)} came without any contact before it.` : "";
  const all = h("button", { type: "button", class: "link", on: { click: () => explain({ kpi: "cost_to_collect", title: "Cost to collect", question: view.ask("cost_to_collect"), numbers: answer, unit: "ratio", currency }) } }, "Explain the whole");
  return { body: [scrolling({ caption: "Cost per unit recovered, by channel", heads: ["Channel", "Cost", "Recovered", "Rate"], rows }), h("p", { class: "note" }, all)], summary: `${format.share(answer.value)} of what was recovered was spent on it.${untouched}` };
}
