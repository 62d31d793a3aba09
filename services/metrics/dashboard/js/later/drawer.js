// The explain drawer: what a figure means, and every fact it is made of, down to the account.

/** @import { Explained } from "../../types.js" */

import { factList, fill, h } from "../dom.js";
import * as format from "../format.js";
import { Gone, Refused, SignInNeeded, query, read } from "../http.js";
import { catalogue } from "../query.js";
import { cap, faultOf, ripening, wordsOf } from "../words.js";
import { itemsTable } from "./items.js";
import { narrowed, restatements } from "./restated.js";

const LIMIT = 50;
const EMPTY_PAGES = 20; // a page may be empty before the last: so many are passed over by themselves
const PATIENCE_MS = 60_000; // facts are many: to list them may take longer than a figure
const MOVED = 409; // late facts have changed the figure: its pages begin again
const DAYS_WEIGHTED = new Set(["average_days_late", "average_days_to_pay"]); // amounts × days on top

/** @type {HTMLDialogElement | null} */
let drawer = null;

/** @param {Explained} about */
export async function openDrawer(about) {
  const opener = document.activeElement;
  const closed = new AbortController();
  drawer?.close();
  const made = h("dialog", { class: "drawer", "aria-labelledby": "h-drawer" });
  drawer = made;
  made.addEventListener("close", () => {
    closed.abort();
    made.remove();
    giveBack(opener, about.title);
  });
  made.addEventListener("click", (event) => event.target === made && made.close());
  document.body.append(made);
  const close = h("button", { type: "button", class: "quiet", "aria-label": "Close", on: { click: () => made.close() } }, "✕");
  const body = h("div", { class: "explained" });
  made.append(h("header", { class: "row" }, h("h2", { id: "h-drawer" }, about.title), close), body);
  made.showModal();
  fill(body, reading());
  try {
    const rest = about.path === "restatements" ? restatements(about) : parts(about, closed.signal);
    fill(body, ...(await head(about)), await rest);
  } catch (error) {
    fill(body, faultLine(error));
  }
}

/** What is shown until the answer is there. */
const reading = () => h("p", { class: "soft reading", role: "status" }, "Reading what it is made of…");

/** The focus goes back to where it was; where the figures were drawn anew meanwhile, to the same figure.
 * @param {Element | null} opener @param {string} title */
function giveBack(opener, title) {
  const same = () => [...document.querySelectorAll("button.figure")].find((one) => one.getAttribute("aria-label")?.startsWith(`${title}: `));
  const place = opener?.isConnected ? opener : same();
  if (place instanceof HTMLElement) place.focus();
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
  const definition = known ? h("p", { class: "definition" }, known.definition) : null;
  return [definition, factList(facts.filter(([name, value]) => name && value))];
}

/** The accounts and their facts, of the numerator or of the denominator. @param {Explained} about @param {AbortSignal} closed */
function parts(about, closed) {
  const place = h("div", { "aria-live": "polite" });
  const hasUnder = about.numbers?.denominator !== null && about.numbers?.denominator !== undefined;
  const words = wordsOf(about.kpi);
  const names = hasUnder ? /** @type {const} */ ([["numerator", cap(words.over)], ["denominator", cap(words.under ?? "denominator")]]) : /** @type {const} */ ([["numerator", cap(words.over)]]);
  const buttons = names.map(([part, label]) => h("button", { type: "button", on: { click: () => choose(part) } }, label));
  let turn = new AbortController();
  /** Show something else in the place; what was under way for it ends. @param {string} part @param {(signal: AbortSignal) => Promise<Node[]>} make */
  const show = async (part, make) => {
    turn.abort();
    turn = new AbortController();
    const { signal } = turn;
    [...buttons, seeChanges].forEach((button, at) => button.setAttribute("aria-pressed", String((names[at]?.[0] ?? "changes") === part)));
    fill(place, reading());
    const made = await make(AbortSignal.any([signal, closed, AbortSignal.timeout(PATIENCE_MS)])).catch((error) => [faultLine(error)]);
    if (!signal.aborted) fill(place, ...made);
  };
  const choose = (/** @type {"numerator" | "denominator"} */ part) => show(part, (signal) => list(about, part, signal, () => choose(part)));
  const seeChanges = h("button", { type: "button", class: "quiet", on: { click: () => show("changes", async () => [await restatements(about)]) } }, "How it changed");
  void choose((hasUnder && about.part) || "numerator");
  return h("div", {}, h("div", { class: "buttons" }, buttons.length > 1 ? buttons : null, about.question.from ? seeChanges : null), place);
}

/** @param {Explained} about @param {string} part @param {Record<string, unknown>} more */
function address(about, part, more) {
  const path = about.path ?? `/v1/kpis/${about.kpi}/explain`;
  return path + query({ ...narrowed(about), part: part === "numerator" ? undefined : part, ...more });
}

/** How what things add is written, by the answer's own unit. @param {string | undefined} unit @param {string | null | undefined} currency @returns {(value: number | null | undefined) => string} */
function amountWriter(unit, currency) {
  const money = (/** @type {number | null | undefined} */ value) => (currency ? format.money(value, currency) : format.count(value));
  if (unit === "minor_days") return (value) => `${money(value)} × days`;
  if (unit === "ratio") return (value) => format.number(value, 4);
  return unit === "count" ? format.count : money;
}

/** @param {Explained} about @param {string} part @param {AbortSignal} signal @param {() => void} again @returns {Promise<Node[]>} */
async function list(about, part, signal, again) {
  const first = await firstPage(about, part, signal);
  const items = [...first.items];
  const write = amountWriter(first.unit, first.currency ?? about.currency);
  const money = amountWriter("minor", first.currency ?? about.currency);
  const save = h("a", { class: "button", href: address(about, part, { format: "csv" }), download: `${about.kpi}-${part}.csv` }, "CSV of just this");
  const sum = first.total === null ? "There is no such figure." : `Σ ${write(first.total)}`;
  const total = h("p", { class: "row sum" }, h("strong", {}, sum), save);
  const rows = h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "What it is made of" }, itemsTable(items, write, money));
  const next = first.next_cursor ? more(first, items, { about, part, again, rows, draw: () => itemsTable(items, write, money) }) : null;
  return [total, items.length ? rows : h("p", { class: "blank" }, next ? "Nothing of it found yet." : nothing(about, part)), ...(next ? [next] : [])];
}

/** @param {Explained} about @param {string} part */
function nothing(about, part) {
  const { under } = wordsOf(about.kpi);
  const whole = part === "numerator" && under && about.numbers?.denominator;
  return whole ? `Nothing counts for it. What it is a part of is at “${cap(under)}”.` : "Nothing is in it.";
}

/** What adds most first; by account, where that is too much to put in order. @param {Explained} about @param {string} part @param {AbortSignal} signal */
async function firstPage(about, part, signal) {
  try {
    return await read(address(about, part, { order: "contribution", limit: LIMIT }), { signal });
  } catch (error) {
    if (!(error instanceof Refused) || error.problem.status !== 422) throw error;
  }
  let page = await read(address(about, part, { limit: LIMIT }), { signal });
  for (let passed = 0; !page.items.length && page.next_cursor && passed < EMPTY_PAGES; passed += 1) {
    page = await read(address(about, part, { limit: LIMIT, cursor: page.next_cursor }), { signal });
  }
  return page;
}

/** @param {any} first @param {any[]} items @param {{about: Explained, part: string, again: () => void, rows: Element, draw: () => Node}} on */
function more(first, items, { about, part, again, rows, draw }) {
  let next = /** @type {string | null} */ (first.next_cursor);
  const button = h("button", { type: "button" }, "Show more");
  button.addEventListener("click", async () => {
    try {
      const page = await read(address(about, part, { order: first.order, limit: LIMIT, cursor: next }));
      items.push(...page.items);
      fill(rows, draw());
      if (!rows.isConnected) button.parentElement?.querySelector(".blank")?.replaceWith(rows);
      next = page.next_cursor;
      button.hidden = !next;
    } catch (error) {
      if (error instanceof Refused && error.problem.status === MOVED) again();
      else button.after(h("span", { class: "error", role: "alert" }, sayFault(error)));
    }
  });
  return button;
}

/** @param {unknown} error */
const faultLine = (error) => h("p", { class: "error", role: "alert" }, `This cannot be shown: ${sayFault(error)}`);

/** @param {unknown} error */
function sayFault(error) {
  if (error instanceof Refused) return faultOf(error.problem);
  if (error instanceof Gone) return "the server does not answer";
  if (error instanceof SignInNeeded) return "the session has ended";
  throw error;
}
