// The filters in the address: back and forward go through them, and a link shows the same figures.

/** @import { Filters } from "../types.js" */

const ONE = /** @type {const} */ (["currency", "from", "to", "interval", "compare", "as_of", "in", "month", "vintage", "queue", "version"]);
const MANY = /** @type {const} */ (["segment", "country", "kind", "arm"]);
const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** @param {string} search @returns {Filters} */
export function parse(search) {
  const given = new URLSearchParams(search);
  /** @type {any} */
  const filters = {};
  for (const name of ONE) filters[name] = given.get(name) || null;
  for (const name of MANY) filters[name] = given.getAll(name);
  for (const name of ["from", "to", "as_of"]) {
    const isDay = DAY.test(filters[name] ?? "") && !Number.isNaN(Date.parse(filters[name]));
    if (!isDay) filters[name] = null;
  }
  return filters;
}

/** @param {Filters} filters */
export function write(filters) {
  const made = new URLSearchParams();
  for (const name of ONE) if (filters[name]) made.set(name, /** @type {string} */ (filters[name]));
  for (const name of MANY) for (const value of filters[name]) made.append(name, value);
  const text = made.toString();
  return text ? `?${text}` : "";
}

/** @returns {Filters} */
export const current = () => parse(location.search);

// What one page alone is asked stays behind when another is opened.
const OWN = { month: null, vintage: null, queue: null, version: null };

/** The same filters at another page of ours. @param {string} path */
export const link = (path) => path + write({ ...current(), ...OWN });

const listeners = /** @type {Set<() => void>} */ (new Set());

/** @param {() => void} listener */
export function onMove(listener) {
  listeners.add(listener);
}

/** Go there, as if a link had been followed. @param {string} address @param {boolean} [replace] */
export function go(address, replace = false) {
  if (address === location.pathname + location.search) return;
  if (replace) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
  for (const listener of listeners) listener();
}

/** @param {Partial<Filters>} changes */
export function change(changes) {
  go(location.pathname + write({ ...current(), ...changes }));
}

addEventListener("popstate", () => listeners.forEach((listener) => listener()));

// Links to our own pages change the page without loading it anew; with a key held they open a tab.
document.addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  if (!link || event.defaultPrevented || event.button !== 0 || !link.dataset.page) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  go(link.pathname + link.search);
});
