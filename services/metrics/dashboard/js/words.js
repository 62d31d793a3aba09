// What each KPI is called, what its parts are, and what is said where it has no value.

/** @import { Answer, Numbers, Problem } from "../types.js" */

import * as format from "./format.js";

/** @typedef {{title: string, short?: string, over: string, under: string | null, none: string}} Words */

/** @type {Record<string, Words>} */
const WORDS = {
  recovery_rate: w("Recovery rate", "cash on overdue debt", "what was overdue or became so", "Nothing was overdue"),
  liquidation_rate: w("Liquidation", "cash so far on debts that entered", "amounts that entered collections", "No debt entered collections"),
  dso: w("DSO", "receivables", "sales", "There were no sales to compare with"),
  dso_countback: w("DSO, countback", "receivables", null, "Three years of sales don’t cover what is open"),
  best_possible_dso: w("Best possible DSO", "receivables not yet due", "sales", "There were no sales to compare with"),
  average_days_delinquent: w("Days delinquent", "overdue receivables", "sales", "There were no sales to compare with"),
  average_days_late: w("Average days late", "amount × days late", "amount", "Nothing was paid or is overdue"),
  average_days_to_pay: w("Days to pay", "amount × days from issue to payment", "amount paid", "Nothing was paid"),
  collection_effectiveness_index: w("Effectiveness (CEI)", "what was collected", "what could have been", "There was nothing to collect"),
  cure_rate: w("Cure rate", "delinquencies cured", "delinquencies", "Nobody was delinquent"),
  at_risk_rate: w("At risk", "still open 90 days past due", "amount issued, 90 days ripe", "No invoice is 90 days past due yet"),
  cost_to_collect: w("Cost to collect", "cost", "cash recovered", "No cash was recovered"),
  promise_rate: w("Promise rate", "contacts that ended in a promise", "right-party contacts", "Nobody was reached"),
  promise_kept_rate: w("Promises kept", "promises kept", "promises judged", "No promises were judged"),
  contact_rate: w("Answered", "attempts answered", "attempts", "There were no attempts"),
  right_party_contact_rate: w("Right party reached", "attempts that reached the right party", "attempts", "There were no attempts"),
  dispute_rate: w("Dispute rate", "invoices disputed", "invoices issued", "No invoice was issued"),
  roll_rate: w("Roll rate", "balances that got worse", "balances past due", "Nothing was past due"),
  time_to_recover: w("Time to recover", "settled", "entered", "Half of it is not settled yet"),
  write_off_rate: w("Write-offs", "written off, less recoveries", "sales", "There were no sales to compare with"),
  loss_reduction: w("Reduction in losses", "losses now", "losses before", "There were no losses before to compare with"),
  retention_rate: w("Retention", "cured accounts that bought again", "cured accounts, 180 days ripe", "No cure is 180 days old yet"),
  satisfaction: w("Satisfaction", "scores of 4 and 5", "scores", "Nobody gave a score"),
  opt_out_rate: w("Opt-outs", "consents revoked", "attempts", "There were no attempts"),
  suppressed_contact_rate: w("Kept back by a rule", "contacts kept back", "contacts planned", "No contact was planned"),
  aging: w("Open balances", "open balances", null, "Nothing is open"),
  invoiced: w("Invoiced", "invoices issued", null, "No invoice was issued"),
  received: w("Received", "payments received", null, "No payment came"),
  contacts: w("Contacts", "attempts", null, "There were no attempts"),
  contacts_suppressed: w("Kept back", "contacts kept back", null, "No contact was kept back"),
  recovered: w("Recovered", "cash on debts in collections", null, "No cash was recovered"),
  entered: w("Entered collections", "amounts that entered", null, "No debt entered collections"),
  written_off: w("Written off", "amounts written off", null, "Nothing was written off"),
  cost: w("Cost", "cost", null, "There was no cost"),
};

/** @param {string} title @param {string} over @param {string | null} under @param {string} none @returns {Words} */
function w(title, over, under, none) {
  return { title, over, under, none };
}

/** @param {string} kpi @returns {Words} */
export function wordsOf(kpi) {
  return WORDS[kpi] ?? w(kpi.replaceAll("_", " "), "numerator", "denominator", "There is no value");
}

/** Why a figure has no value, as a sentence. @param {Pick<Answer, "name" | "from" | "to">} answer */
export function whyNone({ name, from, to }) {
  return `${wordsOf(name).none} ${format.when(from, to)}.`;
}

/** What is not ripe yet in an answer, in words; empty where all is. @param {Numbers} answer @param {string | null} currency */
export function ripening(answer, currency) {
  if (answer.unripe_minor) return `${currency ? format.money(answer.unripe_minor, currency) : answer.unripe_minor} are not ripe yet`;
  if (answer.pending === 1) return "1 waits for its 30 days";
  if (answer.pending) return `${format.count(answer.pending)} wait for their 30 days`;
  if (answer.grows_until) return `answers may still come until ${format.day(answer.grows_until)}`;
  return "";
}

/** What went wrong with a question, for people. @param {Problem} problem */
export function faultOf(problem) {
  const parts = (problem.errors ?? []).map(({ pointer, detail }) => `${pointer.replace(/^.*\//, "")} ${detail}`);
  return parts.length ? parts.join("; ") : (problem.detail ?? problem.title ?? `status ${problem.status}`);
}

/** @type {Record<string, string>} */
const BUCKETS = { current: "Not yet due", paid: "Paid", credited: "Credited", written_off: "Written off" };
export const AGES = ["current", "1-30", "31-60", "61-90", "91-120", "121+"];

/** @param {string} bucket */
export function bucketName(bucket) {
  return BUCKETS[bucket] ?? `${bucket.replace("-", "–")} days`;
}

/** With a capital letter first. @param {string} text */
export const cap = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** A group's name; what has none is said so. @param {string | null | undefined} name */
export const named = (name) => (name === null || name === undefined || name === "" ? "unknown" : name);
