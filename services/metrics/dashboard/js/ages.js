// Open balances by age, as bars with their amounts.

/** @import { Got, PanelSpec, View } from "../types.js" */

import { h } from "./dom.js";
import { aboutGroup, groupsOf } from "./draw.js";
import * as format from "./format.js";
import { good } from "./query.js";
import { figure } from "./table.js";
import { AGES, bucketName, whyNone } from "./words.js";

/** @param {View} view @returns {PanelSpec} */
export function agingPanel(view) {
  return { id: "aging", title: "Open balances by age", note: `Days past due, at the end of ${format.day(view.to)}`, keys: ["aging"], draw: (got) => draw(got, view) };
}

/** @param {Got} got @param {View} view */
function draw(got, view) {
  const answer = good(got.aging);
  const groups = groupsOf(answer, "bucket");
  const total = AGES.reduce((sum, age) => sum + (groups.get(age)?.value ?? 0), 0);
  if (!answer || !total) return { empty: answer ? whyNone(answer) : "Nothing is known." };
  const question = view.ask("aging");
  const most = Math.max(1, ...AGES.map((age) => groups.get(age)?.value ?? 0));
  const lines = AGES.map((age, at) => {
    const value = groups.get(age)?.value ?? 0;
    const amount = format.money(value, answer.currency ?? view.money);
    const about = value ? aboutGroup(answer, question, "bucket", age, "Open balances") : undefined;
    const width = `${(100 * Math.max(0, value)) / most}%`;
    return h(
      "div",
      {},
      h("dt", {}, h("span", {}, bucketName(age)), h("b", {}, figure(amount, about))),
      h("dd", {}, h("i", { style: { width, background: `var(--age-${at})` } }), h("span", { class: "sr" }, `${format.share(value / total)} of all`)),
    );
  });
  const sum = h("p", { class: "total" }, h("span", {}, "Open in all"), h("span", {}, format.money(total, answer.currency ?? view.money)));
  return { body: [h("dl", { class: "ages" }, lines), sum] };
}
