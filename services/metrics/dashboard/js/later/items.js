// What a figure is made of, as a table: accounts, their things, the facts of each.

import { h } from "../dom.js";
import * as format from "../format.js";
import { peer } from "./peers.js";

/** @param {string} account */
function links(account) {
  const id = encodeURIComponent(account);
  const [desk, ledger] = [peer("outreach"), peer("ledger")];
  return [
    desk === null ? null : h("a", { href: `${desk}/desk/accounts/${id}`, target: "_blank", rel: "noreferrer" }, "desk"),
    ledger === null ? null : h("a", { href: `${ledger}/v1/accounts/${id}/statement`, target: "_blank", rel: "noreferrer" }, "statement"),
  ];
}

/** `write`: what things add; `money`: amounts of facts. @param {any[]} items @param {(value: number) => string} write @param {(value: number) => string} money */
export function itemsTable(items, write, money) {
  const rows = items.map((item) => [
    h(
      "tr",
      {},
      h("th", { scope: "row" }, item.account_id ?? "–", h("span", { class: "note links" }, " ", links(item.account_id ?? ""))),
      h("td", { class: "left" }, `${item.kind ?? ""} ${item.id ?? ""}`),
      h("td", {}, item.day ? format.day(item.day) : ""),
      h("td", {}, write(item.amount ?? item.count)),
    ),
    item.facts?.length ? h("tr", { class: "facts-of" }, h("td", { colspan: "4", class: "left" }, factsOf(item.facts, item.more_facts ?? 0, money))) : null,
  ]);
  return h(
    "table",
    {},
    h("caption", { class: "sr" }, "What it is made of"),
    h("thead", {}, h("tr", {}, ["Account", "What", "Day", "Counts for"].map((text, at) => h("th", { scope: "col", class: at === 1 ? "left" : "" }, text)))),
    h("tbody", {}, rows.flat()),
  );
}

/** @param {any[]} facts @param {number} older @param {(value: number) => string} write */
function factsOf(facts, older, write) {
  const lines = facts.map((fact) =>
    h(
      "li",
      {},
      h("code", {}, fact.type),
      fact.detail ? ` ${fact.detail}` : "",
      ` ${fact.amount_minor === null || fact.amount_minor === undefined ? "" : write(fact.amount_minor)} `,
      fact.day ? format.day(fact.day) : "",
      fact.recorded_at ? h("span", { class: "soft" }, ` recorded ${format.instant(fact.recorded_at)}`) : null,
      fact.source_id ? h("span", { class: "soft" }, ` · ${fact.source_id}`) : null,
    ),
  );
  const more = older ? h("li", { class: "soft" }, `${older} older ones`) : null;
  return h("details", {}, h("summary", {}, `${facts.length + older} ${facts.length + older === 1 ? "fact" : "facts"}`), h("ul", {}, lines, more));
}
