// One question to the server per page: all of its panels' figures from one snapshot.

/** @import { Answer, Catalogued, Problem, Question, Reply } from "../types.js" */

import { call, content, read } from "./http.js";

const QUESTIONS_MAX = 50;

/** @type {{body: string, etag: string | null, items: Reply[]} | null} */
let last = null;

/**
 * @param {Record<string, Question>} questions
 * @returns {Promise<Record<string, Reply>>} answers, and problems in the place of bad questions
 */
export async function ask(questions) {
  const names = Object.keys(questions);
  if (names.length === 0) return {};
  if (names.length > QUESTIONS_MAX) throw new Error(`a page asks ${names.length} questions, ${QUESTIONS_MAX} at most`);
  const body = JSON.stringify({ questions: Object.values(questions) });
  /** @type {Record<string, string>} */
  const headers = { "content-type": "application/json", accept: "application/json" };
  if (last?.body === body && last.etag) headers["if-none-match"] = last.etag;
  const answer = await call("/v1/query", { method: "POST", body, headers });
  if (answer.status !== 304 || !last) {
    const items = (await content(answer)).items;
    last = { body, etag: answer.headers.get("etag"), items };
  }
  const { items } = last;
  return Object.fromEntries(names.map((name, at) => [name, items[at] ?? missing]));
}

const missing = /** @type {Problem} */ ({ status: 500, detail: "The server left this question out." });

/** @param {Reply | Problem | undefined | null} reply @returns {reply is Problem} */
export function isProblem(reply) {
  return !!reply && "status" in reply && typeof reply.status === "number" && !("value" in reply);
}

/** @param {Reply | undefined} reply @returns {Answer | null} */
export function good(reply) {
  return reply && !isProblem(reply) ? /** @type {Answer} */ (reply) : null;
}

/** @type {Promise<Map<string, Catalogued>> | null} */
let listed = null;

/** Every KPI with what it means and can be split by; read once. @returns {Promise<Map<string, Catalogued>>} */
export function catalogue() {
  listed ??= readCatalogue().catch((error) => {
    listed = null;
    throw error;
  });
  return listed;
}

/** @returns {Promise<Map<string, Catalogued>>} */
async function readCatalogue() {
  /** @type {{items: Catalogued[]}} */
  const found = await read("/v1/kpis");
  return new Map(found.items.map((item) => [item.name, item]));
}
