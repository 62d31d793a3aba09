// All that a page needs, at once: its figures by one question, and what is read beside them.

/** @import { Got, Page, Question, View } from "../types.js" */
/** @import { Choices } from "./filters.js" */

import { Refused, settled } from "./http.js";
import { ask, good } from "./query.js";

const LONG_AGO = "2000-01-01"; // before any figure
const SPLITS = /** @type {const} */ (["segment", "country", "kind"]);

/** @type {Question} */
const SURVEY = { kpi: "invoiced", from: LONG_AGO };

/** @type {import("./view.js").Survey | null} */
let surveyed = null;

/** Which currencies there are figures in, and the tenant's business day. Asked once; then it comes
 * with every page's own questions. */
export async function survey() {
  if (surveyed?.currencies.length) return surveyed;
  const { survey: reply } = await asked({ survey: SURVEY });
  take(reply);
  // Where not even that is answered, the panels say why.
  return surveyed ?? { today: new Date().toISOString().slice(0, 10), currencies: ["EUR"] };
}

/** @param {import("../types.js").Reply | undefined} reply */
function take(reply) {
  const answer = good(reply);
  if (!answer) return;
  const groups = answer.groups.map((group) => group.key.currency).filter((code) => !!code);
  const currencies = answer.currency ? [answer.currency] : /** @type {string[]} */ (groups);
  surveyed = { today: answer.to, currencies: [...new Set(currencies)].sort() };
}

/**
 * @param {Page} page @param {View} view
 * @returns {Promise<{got: Got, choices: Choices, revision: number | null}>}
 */
export async function collect(page, view) {
  view.prepared = (await page.prepare?.(view)) ?? {};
  const own = page.questions?.(view) ?? {};
  /** @type {Record<string, Question>} */
  const common = { survey: SURVEY };
  for (const split of offersSplits(page) ? SPLITS : []) {
    common[`by ${split}`] = { kpi: "aging", from: view.from, to: view.to, currency: view.currency, group_by: split };
  }
  const reads = Object.entries(page.reads?.(view) ?? {});
  const [figures, ...others] = await Promise.all([asked({ ...own, ...common }), ...reads.map(([, start]) => settled(start()))]);
  take(figures.survey);
  const got = { ...view.prepared, ...figures, ...Object.fromEntries(reads.map(([key], at) => [key, others[at]])) };
  const named = (/** @type {string} */ split) => (good(figures[`by ${split}`])?.groups ?? []).map((group) => group.key[split] ?? "");
  const choices = { segment: named("segment"), country: named("country"), kind: named("kind"), arm: [] };
  const revisions = Object.values(figures).flatMap((reply) => good(reply)?.revision ?? []);
  return { got, choices, revision: revisions[0] ?? null };
}

/** Whether a page has the fields that are filled with what there is. @param {Page} page */
const offersSplits = ({ filters }) => filters === undefined || (filters !== false && filters.includes("more"));

/** Where the whole question is refused, each of its parts is. @param {Record<string, Question>} questions */
async function asked(questions) {
  try {
    return await ask(questions);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const { problem } = error;
    return /** @type {Record<string, import("../types.js").Reply>} */ (Object.fromEntries(Object.keys(questions).map((name) => [name, problem])));
  }
}
