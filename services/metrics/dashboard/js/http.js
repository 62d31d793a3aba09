// Talking to metrics: the session, reading, commands, the live stream.

/** @import { Me, Problem } from "../types.js" */

/** The server does not answer, or not with figures. */
export class Gone extends Error {}

/** The server wants a token first. */
export class SignInNeeded extends Error {}

/** The server refused, and said why. */
export class Refused extends Error {
  /** @param {Problem} problem */
  constructor(problem) {
    super(problem.detail ?? problem.title ?? `status ${problem.status}`);
    this.problem = problem;
  }
}

const PATIENCE_MS = 15_000;

/** @param {string} path @param {RequestInit} [options] @returns {Promise<Response>} */
export async function call(path, options = {}) {
  let answer;
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    answer = await fetch(path, { credentials: "same-origin", cache: "no-cache", signal, ...options });
  } catch (error) {
    throw new Gone(`${path}: ${error instanceof Error ? error.message : error}`);
  }
  if (answer.status === 401) throw new SignInNeeded(path);
  if ([502, 503, 504].includes(answer.status)) throw new Gone(`${path}: ${answer.status}`);
  return answer;
}

/** @param {Response} answer @returns {Promise<any>} */
export async function content(answer) {
  let text;
  try {
    text = answer.status === 204 ? "null" : await answer.text();
    const found = JSON.parse(text || "null");
    if (answer.ok) return found;
    throw new Refused({ status: answer.status, ...found });
  } catch (error) {
    if (error instanceof Refused) throw error;
    if (answer.ok) throw new Gone(`an answer is cut: ${error instanceof Error ? error.message : error}`);
    throw new Refused({ status: answer.status, title: answer.statusText });
  }
}

/** @param {string} path @param {RequestInit} [options] @returns {Promise<any>} */
export async function read(path, options = {}) {
  return content(await call(path, { headers: { accept: "application/json" }, ...options }));
}

/** What a reading gives, or the problem in its place. @param {Promise<unknown>} reading @returns {Promise<any>} */
export async function settled(reading) {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof Refused) return error.problem;
    throw error;
  }
}

/** @param {string} path */
export const answered = (path) => settled(read(path));

/** @param {string} method @param {string} path @param {unknown} [body] @returns {Promise<any>} */
export async function send(method, path, body) {
  const sent = body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  return content(await call(path, { method, ...sent }));
}

/** A query string of those parameters that say something. @param {Record<string, any>} parameters */
export function query(parameters) {
  const made = new URLSearchParams();
  for (const [key, value] of Object.entries(parameters)) {
    if (Array.isArray(value)) for (const one of value) made.append(key, one);
    else if (value !== null && value !== undefined && value !== "" && value !== false) made.set(key, String(value));
  }
  const text = made.toString();
  return text ? `?${text}` : "";
}

/** Open a session by cookie for whoever holds that token. @param {string} token */
export async function signIn(token) {
  if (!/^[\x21-\x7e]+$/.test(token)) throw new SignInNeeded("session"); // no header can hold it
  const headers = { authorization: `Bearer ${token}` };
  const answer = await call("/session", { method: "POST", headers });
  if (!answer.ok) throw new SignInNeeded("session");
}

export async function signOut() {
  await call("/session", { method: "DELETE" });
}

/** Whose session is open; `SignInNeeded` where none is. @returns {Promise<Me>} */
export async function whoAmI() {
  const answer = await call("/session");
  if (answer.status === 403) throw new SignInNeeded("session");
  return content(answer);
}

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 15_000;

/**
 * The live stream. `onNews` at every event, `onUp` when it (re)opens, `onDown` when it is lost.
 * It reopens by itself for ever, also where the browser would give up (after an HTTP error).
 * A page that nobody looks at gives its connection back: a browser has six for all tabs of a host,
 * and a seventh tab would wait for ever.
 */
export class Live {
  /** @type {EventSource | undefined} */ #source;
  /** @type {number | undefined} */ #timer;
  #wait = FIRST_WAIT_MS;

  /** @param {string} path @param {{names: string[], onNews: (event: MessageEvent) => void, onUp: () => void, onDown: () => void}} ears */
  constructor(path, ears) {
    this.path = path;
    this.ears = ears;
    document.addEventListener("visibilitychange", () => this.#source && (document.hidden ? this.#rest() : this.open()));
  }

  open() {
    clearTimeout(this.#timer);
    this.#source?.close();
    const source = new EventSource(this.path);
    this.#source = source;
    source.onopen = () => {
      this.#wait = FIRST_WAIT_MS;
      this.ears.onUp();
    };
    source.onmessage = this.ears.onNews;
    for (const name of this.ears.names) source.addEventListener(name, this.ears.onNews);
    source.onerror = () => this.#retry();
  }

  #rest() {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.ears.onDown();
  }

  /** Reopen after a while. The browser's own retries have no limit and no patience: not used. */
  #retry() {
    this.#source?.close();
    this.ears.onDown();
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => document.hidden || this.open(), this.#wait);
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT_MS);
  }
}
