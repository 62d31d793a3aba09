// Tables: of figures, each of which explains itself, and matrices whose cells are shaded by share.

/** @import { Cell, Explained, TableSpec } from "../types.js" */

import { h } from "./dom.js";

/** Open the drawer; its module is fetched when it is first needed. @param {Explained} about */
export async function explain(about) {
  const { openDrawer } = await import("./later/drawer.js");
  await openDrawer(about);
}

/** A figure as a button that explains it. @param {string} text @param {Explained | undefined} about */
export function figure(text, about) {
  if (!about) return h("span", {}, text);
  const label = `${about.title}: ${text}. Explain`;
  return h("button", { type: "button", class: "figure", "aria-label": label, on: { click: () => explain(about) } }, text);
}

/** @param {Cell | string} given */
function cell(given) {
  const { text, explain: about, shade, left, badge, node, quiet } = typeof given === "string" ? /** @type {Cell} */ ({ text: given }) : given;
  const made = h("td", { class: [left && "left", quiet && "soft"].filter(Boolean).join(" ") }, node ?? (badge ? h("span", { class: `badge ${badge}` }, text) : figure(text, about)));
  if (shade !== undefined) {
    made.classList.add("shaded");
    made.style.setProperty("--shade", `${Math.round(Math.min(1, Math.max(0, shade)) * 46)}%`);
  }
  return made;
}

/** @param {Cell | string | undefined} given */
const isLeft = (given) => typeof given === "object" && !!given.left;

/** The first cell of each line heads it. @param {TableSpec} spec */
export function table({ caption, heads, rows }) {
  return h(
    "table",
    {},
    h("caption", { class: "sr" }, caption),
    h("thead", {}, h("tr", {}, heads.map((text, at) => h("th", { scope: "col", class: isLeft(rows[0]?.cells[at - 1]) ? "left" : "" }, text)))),
    h("tbody", {}, rows.map(({ name, cells, sum }) => h("tr", { class: sum ? "sum" : "" }, h("th", { scope: "row" }, name), cells.map(cell)))),
  );
}

/** A table in a region that scrolls sideways where it is wide, and can be reached by keyboard.
 * @param {TableSpec} spec */
export function scrolling(spec) {
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": spec.caption }, table(spec));
}
