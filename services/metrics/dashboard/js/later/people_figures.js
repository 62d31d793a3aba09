// How a person's figures are written: never alone, always with their range and what was expected.

/** @import { Cell } from "../../types.js" */

import { h } from "../dom.js";
import * as format from "../format.js";
import { verdictBadge } from "../verdicts.js";

/** @param {any} rate @returns {Cell | string} */
export function rateCell(rate) {
  if (!rate || rate.value === null || rate.value === undefined) return "–";
  const range = rate.low === null || rate.low === undefined ? "" : `${format.share(rate.low, 0)} to ${format.share(rate.high, 0)}`;
  const word = rate.word && rate.word !== "as expected" ? verdictBadge(rate.word) : null;
  return { text: "", node: h("span", { class: "rate" }, h("b", {}, format.share(rate.value, 0)), h("span", { class: "note" }, range), word) };
}

/** Amounts by currency, as one text. @param {any} amounts @param {string} currency */
export function moneyOf(amounts, currency) {
  if (amounts === null || amounts === undefined) return "–";
  if (typeof amounts === "number") return format.money(amounts, currency, "whole");
  if (amounts.amount_minor !== undefined) return format.money(amounts.amount_minor, amounts.currency ?? currency, "whole");
  const list = Array.isArray(amounts) ? amounts : Object.entries(amounts).map(([code, minor]) => ({ currency: code, amount_minor: minor }));
  return list.length ? list.map((/** @type {any} */ one) => format.money(one.amount_minor, one.currency, "whole")).join(", ") : format.money(0, currency, "whole");
}
