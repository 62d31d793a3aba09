// The explain drawer: what a figure means, and every fact it is made of, down to the account.

/** @import { Explained } from "../../types.js" */

import { fill, h } from "../dom.js";
import * as format from "../format.js";
import { Gone, Refused, SignInNeeded, query, read } from "../http.js";
import { catalogue } from "../query.js";
import { faultOf, ripening, wordsOf } from "../words.js";
import { itemsTable } from "./items.js";
import { restatements } from "./restated.js";

const LIMIT = 50;
const EMPTY_PAGES = 20; // a page may be empty before the last: so many are passed over by themselves
const MOVED = 409; // late facts have changed the figure: its pages begin again
const DAYS_WEIGHTED = new Set(["average_days_late", "average_days_to_pay"]); // amounts × days on top

/** @type {HTMLDialogElement | null} */
let drawer = null;

/** @param {Explained} about */
export async function openDrawer(about) {
  const opener = document.activeElement;
  drawer?.remove();
  const made = h("dialog", { class: "drawer", "aria-labelledby": "h-drawer" });
  drawer = made;
  made.addEventListener("close", () => {
    made.remove();
    if (opener instanceof HTMLElement) opener.focus();
  });
  made.addEventListener("click", (event) => event.target === made && made.close());
  document.body.append(made);
  const close = h("button", { type: "button", class: "quiet", "aria-label": "Close", on: { click: () => made.close() } }, "✕");
  const body = h("div", { class: "explained" });
  made.append(h("header", { class: "row" }, h("h2", { id: "h-drawer" }, about.title), close), body);
  made.showModal();
  fill(body, ...(await head(about)), about.path === "restatements" ? await restatements(about) : await parts(about));
}

/** @param {Explained} about */
async function head(about) {
  const { numbers, question } = about;
  const known = (await catalogue()).get(about.kpi);
  const words = wordsOf(about.kpi);
  const show = format.writer(about.unit ?? known?.unit, about.currency);
  const part = format.writer(about.currency ? "minor" : "count", about.currency);
  const written = (/** @type {number | null | undefined} */ value) => (about.unit === "days" && !about.currency ? format.count(value) : part(value));
  const over = DAYS_WEIGHTED.has(about.kpi) ? amountWriter("minor_days", about.currency) : written;
  const when = question.from && question.to ? format.span(question.from, question.to) : question.month ? format.month(question.month) : "";
  const facts = [
    ["Value", numbers && numbers.value !== undefined ? show(numbers.value) : null],
    [cap(words.over), numbers?.numerator === null || numbers?.numerator === undefined ? null : over(numbers.numerator)],
    [words.under ? `÷ ${words.under}` : "", numbers?.denominator === null || numbers?.denominator === undefined ? null : written(numbers.denominator)],
    ["Mean", numbers?.mean === undefined || numbers?.mean === null ? null : show(numbers.mean)],
    ["Days", when],
    ["As known on", question.as_of ? format.day(question.as_of) : null],
    ["Not ripe", numbers ? ripening(/** @type {any} */ (numbers), about.currency ?? null) || null : null],
  ];
  const pairs = facts.filter(([name, value]) => name && value).flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]);
  const definition = known ? h("p", { class: "definition" }, known.definition) : null;
  return [definition, h("dl", { class: "facts" }, pairs)];
}

const cap = (/** @type {string} */ text) => text.charAt(0).toUpperCase() + text.slice(1);

/** The accounts and their facts, of the numerator or of the denominator. @param {Explained} about */
async function parts(about) {
  const place = h("div", { "aria-live": "polite" });
  const hasUnder = about.numbers?.denominator !== null && about.numbers?.denominator !== undefined;
  const words = wordsOf(about.kpi);
  const names = hasUnder ? /** @type {const} */ ([["numerator", cap(words.over)], ["denominator", cap(words.under ?? "denominator")]]) : /** @type {const} */ ([["numerator", cap(words.over)]]);
  const buttons = names.map(([part, label]) => h("button", { type: "button", "aria-pressed": String(part === "numerator"), on: { click: () => choose(part) } }, label));
  const choose = async (/** @type {"numerator" | "denominator"} */ part) => {
    buttons.forEach((button, at) => button.setAttribute("aria-pressed", String(names[at]?.[0] === part)));
    await list(place, about, part);
  };
  await choose("numerator");
  const seeChanges = h("button", { type: "button", class: "quiet", on: { click: async () => fill(place, await restatements(about)) } }, "How it changed");
  return h("div", {}, h("div", { class: "buttons" }, buttons.length > 1 ? buttons : null, about.question.from ? seeChanges : null), place);
}

/** @param {Explained} about @param {string} part @param {Record<string, unknown>} more */
function address(about, part, more) {
  const { kpi: _, interval: __, compare: ___, group_by: ____, curve: _____, ...question } = about.question;
  const path = about.path ?? `/v1/kpis/${about.kpi}/explain`;
  return path + query({ ...question, part: part === "numerator" ? undefined : part, ...more });
}

/** How what things add is written, by the answer's own unit. @param {string | undefined} unit @param {string | null | undefined} currency @returns {(value: number | null | undefined) => string} */
function amountWriter(unit, currency) {
  const money = (/** @type {number | null | undefined} */ value) => (currency ? format.money(value, currency) : format.count(value));
  if (unit === "minor_days") return (value) => `${money(value)} × days`;
  if (unit === "ratio") return (value) => format.number(value, 4);
  return unit === "count" ? format.count : money;
}

/** @param {Element} place @param {Explained} about @param {string} part */
async function list(place, about, part) {
  try {
    const first = await firstPage(about, part);
    const items = [...first.items];
    const write = amountWriter(first.unit, first.currency ?? about.currency);
    const money = amountWriter("minor", first.currency ?? about.currency);
    const save = h("a", { class: "button", href: address(about, part, { format: "csv" }), download: `${about.kpi}-${part}.csv` }, "CSV of just this");
    const sum = first.total === null ? "There is no such figure." : `Σ ${write(first.total)}`;
    const total = h("p", { class: "row" }, h("strong", {}, sum), save);
    const rows = h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "What it is made of" }, itemsTable(items, write, money));
    const next = first.next_cursor ? more(first, items, { place, about, part, rows, draw: () => itemsTable(items, write, money) }) : null;
    fill(place, total, items.length ? rows : h("p", { class: "blank" }, next ? "Nothing of it found yet." : "Nothing is in it."), next);
  } catch (error) {
    fill(place, h("p", { class: "error", role: "alert" }, `This cannot be shown: ${sayFault(error)}`));
  }
}

/** What adds most first; by account, where that is too much to put in order. @param {Explained} about @param {string} part */
async function firstPage(about, part) {
  try {
    return await read(address(about, part, { order: "contribution", limit: LIMIT }));
  } catch (error) {
    if (!(error instanceof Refused) || error.problem.status !== 422) throw error;
  }
  let page = await read(address(about, part, { limit: LIMIT }));
  for (let passed = 0; !page.items.length && page.next_cursor && passed < EMPTY_PAGES; passed += 1) {
    page = await read(address(about, part, { limit: LIMIT, cursor: page.next_cursor }));
  }
  return page;
}

/** @param {any} first @param {any[]} items @param {{place: Element, about: Explained, part: string, rows: Element, draw: () => Node}} on */
function more(first, items, { place, about, part, rows, draw }) {
  let next = /** @type {string | null} */ (first.next_cursor);
  const button = h("button", { type: "button" }, "Show more");
  button.addEventListener("click", async () => {
    try {
      const page = await read(address(about, part, { order: first.order, limit: LIMIT, cursor: next }));
      items.push(...page.items);
      fill(rows, draw());
      if (!rows.isConnected) place.querySelector(".blank")?.replaceWith(rows);
      next = page.next_cursor;
      button.hidden = !next;
    } catch (error) {
      if (error instanceof Refused && error.problem.status === MOVED) await list(place, about, part);
      else button.after(h("span", { class: "error", role: "alert" }, sayFault(error)));
    }
  });
  return button;
}

/** @param {unknown} error */
function sayFault(error) {
  if (error instanceof Refused) return faultOf(error.problem);
  if (error instanceof Gone) return "the server does not answer";
  if (error instanceof SignInNeeded) return "the session has ended";
  throw error;
}
