// All experiments, each with its verdict.

/** @import { Got, Page } from "../../types.js" */

import { link } from "../address.js";
import { h } from "../dom.js";
import * as format from "../format.js";
import { answered, read } from "../http.js";
import { verdictBadge } from "../verdicts.js";

/** @type {Page} */
export const page = {
  title: "Experiments",
  filters: false,
  reads: () => ({ all: readAll }),
  panels: () => [{ id: "all-experiments", title: "Experiments", note: "What was tried against what is done, and what came of it", wide: "full", keys: ["all"], draw }],
};

const JUDGED_MAX = 12;

/** The last run of each, with its verdict. */
async function readAll() {
  const found = /** @type {any[]} */ ((await read("/v1/experiments")).items ?? []);
  const last = new Map(found.map((run) => [run.name, run]));
  const judged = [...last.values()].slice(0, JUDGED_MAX).map(async (run) => ({ ...run, ...good(await answered(`/v1/experiments/${encodeURIComponent(run.name)}`)) }));
  return { items: [...(await Promise.all(judged)), ...[...last.values()].slice(JUDGED_MAX)] };
}

/** @param {any} reply */
const good = (reply) => (reply?.verdict ? { verdict: reply.verdict, words: reply.words } : {});

/** @param {Got} got */
function draw(got) {
  const items = /** @type {any[]} */ (got.all.items ?? []);
  if (!items.length) return { empty: /** @type {[string, string]} */ (["No experiment yet", "Segmentation draws accounts into arms; from the first day on this page says what comes of it, as often as one likes to look."]) };
  const lines = items.map((one) => {
    const address = `/experiments/${encodeURIComponent(one.name)}`;
    const facts = [`run ${one.run}`, one.started_on && `since ${format.day(one.started_on)}`, one.stopped_on && `stopped ${format.day(one.stopped_on)}`];
    return h(
      "li",
      {},
      h("p", { class: "row" }, h("a", { href: link(address), "data-page": address }, one.name), h("span", {}, verdictBadge(one.status), " ", one.verdict ? verdictBadge(one.verdict) : null)),
      one.words ? h("p", { class: "words" }, one.words) : null,
      h("p", { class: "note" }, facts.filter(Boolean).join(" · ")),
    );
  });
  const running = items.filter((one) => one.status === "running").length;
  return { body: [h("ul", { class: "list" }, lines)], summary: `${format.count(running)} running, ${format.count(items.length)} in all.` };
}
