// Where balances went in a month, and who was cured in it: tables with shaded cells.

/** @import { Explained, Got, PanelSpec, View } from "../../types.js" */

import { h } from "../dom.js";
import * as format from "../format.js";
import { scrolling } from "../table.js";
import { AGES, bucketName } from "../words.js";

/**
 * @param {View} view @param {Record<string, any>} asked @param {(id: string) => Node[]} controls
 * @returns {PanelSpec}
 */
export function rollPanel(view, asked, controls) {
  return {
    id: "roll",
    title: "Where balances went in a month",
    note: "Each row: what was in that bucket when the month began, and where it was when it ended",
    wide: "full",
    keys: ["roll"],
    controls: () => controls("roll-month"),
    draw: (got) => drawRoll(got, view, asked),
  };
}

/** @param {Got} got @param {View} view @param {Record<string, any>} asked */
function drawRoll(got, view, asked) {
  const { rows, complete, month } = got.roll;
  const currency = got.roll.currency ?? view.currency;
  if (!rows?.length || rows.every((/** @type {any} */ row) => !row.base)) return { empty: `Nothing was open when ${format.month(`${asked.month}-01`)} began.` };
  const columns = rows[0].cells.map((/** @type {any} */ cell) => cell.to);
  const about = (/** @type {any} */ row, /** @type {any} */ cell) =>
    /** @type {Explained} */ ({
      kpi: "roll_rate",
      title: `${bucketName(row.bucket)} → ${bucketName(cell.to).toLowerCase()}, ${format.month(`${month ?? asked.month}-01`)}`,
      path: "/v1/matrices/roll-rate/explain",
      question: { ...asked, row: row.bucket, column: cell.to },
      numbers: { value: cell.share, numerator: cell.value, denominator: row.base },
      unit: "ratio",
      currency,
    });
  const table = scrolling({
    caption: `Where balances went in ${format.month(`${month ?? asked.month}-01`)}`,
    heads: ["At the begin", "Amount", ...columns.map(bucketName)],
    rows: rows.map((/** @type {any} */ row) => ({
      name: bucketName(row.bucket),
      cells: [
        format.money(row.base, currency, "whole"),
        ...row.cells.map((/** @type {any} */ cell) => ({ text: cell.share === 0 ? "0%" : format.share(cell.share), quiet: cell.share === 0, shade: cell.share ?? 0, explain: cell.value ? about(row, cell) : undefined })),
      ],
    })),
  });
  return { body: [h("div", { class: "matrix" }, table)], summary: sayRoll(rows, currency), mark: complete === false ? "month under way" : undefined };
}

/** @param {any[]} rows @param {string} currency */
function sayRoll(rows, currency) {
  const overdue = rows.filter((row) => row.bucket !== "current" && row.bucket !== "121+");
  const base = overdue.reduce((sum, row) => sum + row.base, 0);
  const worse = overdue.reduce((sum, row) => sum + sumOf(row, (/** @type {string} */ to) => AGES.indexOf(to) > AGES.indexOf(row.bucket)), 0);
  const paid = overdue.reduce((sum, row) => sum + sumOf(row, (/** @type {string} */ to) => to === "paid"), 0);
  if (!base) return "Nothing was past due when the month began.";
  return `Of ${format.money(base, currency, "whole")} past due, ${format.share(paid / base, 0)} was paid and ${format.share(worse / base, 0)} got worse.`;
}

/** @param {any} row @param {(to: string) => boolean} is */
const sumOf = (row, is) => row.cells.filter((/** @type {any} */ cell) => is(cell.to)).reduce((/** @type {number} */ sum, /** @type {any} */ cell) => sum + cell.value, 0);

/** @param {Record<string, any>} asked @param {(id: string) => Node[]} controls @returns {PanelSpec} */
export function curePanel(asked, controls) {
  return {
    id: "cure",
    title: "Who was cured",
    note: "Accounts with anything overdue when the month began, by the oldest of it",
    keys: ["cure"],
    controls: () => controls("cure-month"),
    draw: (got) => drawCure(got, asked),
    wide: "full",
  };
}

/** @param {Got} got @param {Record<string, any>} asked */
function drawCure(got, asked) {
  const rows = got.cure.rows ?? [];
  const sum = (/** @type {string} */ name) => rows.reduce((/** @type {number} */ total, /** @type {any} */ row) => total + (row[name] ?? 0), 0);
  if (!sum("accounts")) return { empty: `Nobody was overdue when ${format.month(`${asked.month}-01`)} began.` };
  const about = (/** @type {any} */ row, /** @type {string} */ column) =>
    /** @type {Explained} */ ({
      kpi: "cure_rate",
      title: `${bucketName(row.bucket)}: ${column.replaceAll("_", " ")}`,
      path: "/v1/matrices/cure/explain",
      question: { ...asked, row: row.bucket, column },
      numbers: { value: row.cured_share, numerator: row[column], denominator: row.accounts },
      unit: "ratio",
      currency: null,
    });
  const columns = ["accounts", "cured", "pending", "written_off", "still", "self_cured"];
  const table = scrolling({
    caption: "Who was cured, by the age of the oldest debt",
    heads: ["Oldest debt", "Accounts", "Cured", "Wait", "Written off", "Still", "By themselves", "Share"],
    rows: rows.map((/** @type {any} */ row) => ({
      name: bucketName(row.bucket),
      cells: [...columns.map((column) => ({ text: format.count(row[column]), explain: row[column] ? about(row, column) : undefined })), { text: format.share(row.cured_share, 0), shade: row.cured_share ?? 0 }],
    })),
  });
  const share = sum("cured") / sum("accounts");
  return { body: [h("div", { class: "matrix" }, table)], summary: `${format.count(sum("cured"))} of ${format.count(sum("accounts"))} accounts were cured (${format.share(share, 0)}), ${format.count(sum("self_cured"))} without any contact.` };
}
