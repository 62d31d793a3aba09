// What somebody must look at: alerts that are raised, and how the running plans do.

/** @import { Got, PanelSpec } from "../types.js" */

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

/** @returns {PanelSpec} */
export function alertsPanel() {
  return { id: "alerts", title: "Alerts", note: "Raised, and not cleared yet", keys: ["alerts"], draw: drawAlerts };
}

/** @param {Got} got */
function drawAlerts(got) {
  const items = /** @type {any[]} */ (got.alerts?.items ?? []);
  if (!items.length) return { empty: /** @type {[string, string]} */ (["Nothing is raised", "Alerts come from the rules of plans and from your own: what has been so for some days is said here, once."]) };
  const lines = items.map((alert) =>
    h(
      "li",
      {},
      h("p", {}, alert.words || alert.rule),
      h(
        "p",
        { class: "note row" },
        h("span", {}, [alert.subject, sinceOf(alert)].filter(Boolean).join(" · ")),
        alert.acknowledged_at || alert.acknowledged ? h("span", { class: "badge" }, "seen") : h("span", { class: "badge warn" }, "new"),
      ),
    ),
  );
  return { body: [h("ul", { class: "list" }, lines)] };
}

/** @param {any} alert */
function sinceOf(alert) {
  const day = alert.raised_on ?? alert.days?.at(-1)?.day ?? alert.days?.at(-1);
  return typeof day === "string" ? `since ${format.day(day.slice(0, 10))}` : "";
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
