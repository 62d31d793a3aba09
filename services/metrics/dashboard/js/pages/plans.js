// All collection plans.

/** @import { Got, Page } from "../../types.js" */

import { link } from "../address.js";
import { h } from "../dom.js";
import * as format from "../format.js";
import { read } from "../http.js";
import { scrolling } from "../table.js";
import { verdictBadge } from "../verdicts.js";
import { alertsPanel } from "../watchlist.js";

/** @type {Page} */
export const page = {
  title: "Collection plans",
  filters: false,
  reads: () => ({ all: () => read("/v1/plans"), alerts: () => read("/v1/alerts?state=raised") }),
  panels: (view) => [{ id: "all-plans", title: "Plans", note: "What is to be reached by when, with which means", wide: true, keys: ["all"], draw: (got) => draw(got) }, alertsPanel(view)],
};

/** @param {Got} got */
function draw(got) {
  const items = /** @type {any[]} */ (got.all.items ?? []);
  if (!items.length) return { empty: /** @type {[string, string]} */ (["No plan yet", "A plan has objectives, a budget and a rhythm of reviews. Write one with POST /v1/plans; once somebody else has approved it, it is judged every day."]) };
  const rows = items.map((plan) => {
    const address = `/plans/${encodeURIComponent(plan.plan_id)}`;
    const days = plan.from && plan.to ? format.span(plan.from, plan.to) : "–";
    return {
      name: h("a", { href: link(address), "data-page": address }, plan.title ?? plan.plan_id),
      cells: [{ text: "", node: verdictBadge(plan.state), left: true }, { text: days, left: true }, { text: plan.currency ?? "–" }, { text: `v${plan.version ?? 1}` }],
    };
  });
  const running = items.filter((plan) => plan.state === "running").length;
  return { body: [scrolling({ caption: "Plans", heads: ["Plan", "State", "Days", "Currency", "Version"], rows })], summary: `${format.count(items.length)} ${items.length === 1 ? "plan" : "plans"}, ${format.count(running)} running.` };
}
