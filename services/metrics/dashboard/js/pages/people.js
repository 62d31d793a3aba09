// The people who collect: never sorted by a figure, always beside what could be expected.

/** @import { Got, Page, View } from "../../types.js" */

import { change, link } from "../address.js";
import { h } from "../dom.js";
import * as format from "../format.js";
import { query, read } from "../http.js";
import { moneyOf, rateCell } from "../later/people_figures.js";
import { isProblem } from "../query.js";
import { scrolling } from "../table.js";
import { faultOf } from "../words.js";

/** @type {Page} */
export const page = {
  title: "People",
  filters: ["period"],
  reads: (view) => ({ people: () => read(`/v1/people${query({ from: view.from, to: view.to, queue: view.filters.queue })}`) }),
  panels: (view) => [{ id: "people", title: "The team", note: "In the order of names. A rate comes with its range of chance and with what others have in the same mix of segments", wide: "full", keys: [], optional: ["people"], controls: queueOf, draw: (got) => draw(got, view) }],
};

/** @param {View} view */
function queueOf(view) {
  const input = h("input", { id: "queue", value: view.filters.queue ?? "", placeholder: "all", size: "14" });
  input.addEventListener("change", () => change({ queue: input.value.trim() || null }));
  return [h("label", { class: "inline" }, h("span", {}, "Queue"), input)];
}

/** Who may not see the others has a page of their own. @param {import("../../types.js").Problem} problem @param {View} view */
function refused(problem, view) {
  const address = `/people/${encodeURIComponent(view.me.subject)}`;
  const own = h("p", { class: "buttons" }, h("a", { class: "button", href: link(address), "data-page": address }, "Your own figures"));
  return { empty: /** @type {[string, string]} */ (["Not for you to see", faultOf(problem)]), body: [own] };
}

/** @param {Got} got @param {View} view */
function draw(got, view) {
  if (isProblem(got.people)) return refused(got.people, view);
  const items = /** @type {any[]} */ (got.people.items ?? []);
  if (!items.length) return { empty: `Nobody worked on a task ${format.when(view.from, view.to)}.` };
  const rows = items.map((one, at) => {
    const isTeam = at === 0;
    const address = `/people/${encodeURIComponent(one.collector ?? "")}`;
    return {
      name: isTeam ? "All together" : h("a", { href: link(address), "data-page": address }, one.collector),
      sum: isTeam,
      cells: [
        format.count(one.tasks),
        format.duration(one.seconds_median),
        format.count(one.attempts),
        rateCell(one.right_party_contact_rate),
        rateCell(one.promise_rate),
        rateCell(one.promise_kept_rate),
        moneyOf(one.recovered, view.currency),
        moneyOf(one.cost, view.currency),
      ],
    };
  });
  return {
    body: [scrolling({ caption: "People, in the order of names", heads: ["Name", "Tasks", "Median", "Attempts", "Right party", "Promises", "Kept", "Recovered", "Cost"], rows })],
    summary: "A difference within the range of chance is none. Who has harder segments is compared with others in the same segments.",
  };
}
