// What somebody must look at: alerts that are raised, and how the running plans do.

/** @import { Got, PanelSpec, View } from "../types.js" */

import { act, ask, button, may } from "./acts.js";
import { link } from "./address.js";
import { h } from "./dom.js";
import * as format from "./format.js";
import { Refused, read } from "./http.js";
import { verdictBadge } from "./verdicts.js";

const PLANS_MAX = 3;

/** The running plans with their progress. */
export async function readPlans() {
  const found = await read("/v1/plans?state=running");
  const running = (found?.items ?? []).filter((/** @type {any} */ plan) => plan.state === "running").slice(0, PLANS_MAX);
  const items = await Promise.all(
    running.map(async (/** @type {any} */ plan) => {
      try {
        return { ...plan, progress: await read(`/v1/plans/${encodeURIComponent(plan.plan_id)}/progress`) };
      } catch (error) {
        if (error instanceof Refused) return plan; // the plan's own page says why
        throw error;
      }
    }),
  );
  return { items };
}

/** @param {View} view @returns {PanelSpec} */
export function alertsPanel(view) {
  return { id: "alerts", title: "Alerts", note: "Raised, and not cleared yet", keys: ["alerts"], draw: (got) => drawAlerts(got, view) };
}

/** @param {any} alert */
function acknowledge(alert) {
  const path = `/alerts/${encodeURIComponent(alert.alert_id)}/acknowledge`;
  ask({ title: "Seen?", text: alert.words, verb: "I have seen it", fields: [{ name: "note", label: "Note", kind: "area", hint: "What is done about it, for the others" }], run: ({ note }) => act("POST", path, { note }, "Marked as seen.") });
}

/** @param {Got} got @param {View} view */
function drawAlerts(got, view) {
  const items = /** @type {any[]} */ (got.alerts?.items ?? []);
  if (!items.length) return { empty: /** @type {[string, string]} */ (["Nothing is raised", "Alerts come from the rules of plans and from your own: what has been so for some days is said here, once."]) };
  const lines = items.map((alert) =>
    h(
      "li",
      {},
      h("p", {}, alert.words || alert.rule),
      undelivered(alert),
      h(
        "p",
        { class: "note row" },
        h("span", {}, [alert.subject, sinceOf(alert)].filter(Boolean).join(" · ")),
        seenOf(alert, view),
      ),
    ),
  );
  return { body: [h("ul", { class: "list" }, lines)] };
}

/** @param {any} alert @param {View} view */
function seenOf(alert, view) {
  if (alert.acknowledged_at) return h("span", { class: "badge", title: alert.note ?? "" }, `✓ seen by ${alert.acknowledged_by}`);
  const seen = may(view, "metrics:write") ? button("Seen", () => acknowledge(alert), "quiet") : null;
  return h("span", { class: "row" }, h("span", { class: "badge warn" }, "! new"), seen);
}

/** Whom no mail reached. @param {any} alert */
function undelivered(alert) {
  const failed = (alert.deliveries ?? []).filter((/** @type {any} */ one) => ["failed", "not-configured", "no-address"].includes(one.state));
  if (!failed.length) return null;
  return h("p", { class: "note" }, `No mail reached ${failed.map((/** @type {any} */ one) => `${one.person} (${one.state.replace("-", " ")})`).join(", ")}.`);
}

/** @param {any} alert */
function sinceOf(alert) {
  return alert.raised_on ? `since ${format.day(alert.raised_on)}` : "";
}

/** @returns {PanelSpec} */
export function plansPanel() {
  return { id: "plans", title: "Plans under way", note: "Each objective as it stands", wide: true, keys: ["plans"], draw: drawPlans };
}

/** @param {Got} got */
function drawPlans(got) {
  const items = /** @type {any[]} */ (got.plans?.items ?? []);
  if (!items.length) return { empty: /** @type {[string, string]} */ (["No plan is running", "A collection plan says what is to be reached by when, with which means; once approved, it is judged every day."]) };
  const lines = items.map((plan) => {
    const address = `/plans/${encodeURIComponent(plan.plan_id)}`;
    const objectives = /** @type {any[]} */ (plan.progress?.objectives ?? []);
    const until = plan.to ? `until ${format.day(plan.to)}` : "";
    return h(
      "li",
      {},
      h("p", { class: "row" }, h("a", { href: link(address), "data-page": address }, plan.title ?? plan.plan_id), h("span", { class: "note" }, until)),
      h("p", { class: "buttons" }, objectives.map((one) => h("span", {}, `${one.id} `, verdictBadge(one.verdict, one.provisional)))),
    );
  });
  return { body: [h("ul", { class: "list" }, lines)] };
}
