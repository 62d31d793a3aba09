// Talking to outreach: the session, the books, the governor.

/** The server does not answer, or not with an answer. */
export class Gone extends Error {}

/** The server wants a token first. */
export class SignInNeeded extends Error {}

/** The question cannot be taken; `problem` says why, field by field. */
export class Refused extends Error {
  constructor(problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

const PATIENCE_MS = 20_000;

async function call(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, {
      credentials: "same-origin",
      cache: "no-store",
      signal: AbortSignal.timeout(PATIENCE_MS),
      ...options,
    });
  } catch (error) {
    throw new Gone(`${path}: ${error.message}`);
  }
  if (answer.status === 401 || answer.status === 403) throw new SignInNeeded(path);
  if (answer.status >= 500) throw new Gone(`${path}: ${answer.status}`);
  return answer;
}

const JSON_HEADERS = { "content-type": "application/json" };

/** Open a session by cookie for whoever holds that token. */
export async function signIn(token) {
  if (!/^[\x21-\x7e]+$/.test(token)) throw new SignInNeeded("session"); // no header can hold it
  const headers = { authorization: `Bearer ${token}` };
  const answer = await call("session", { method: "POST", headers });
  if (!answer.ok) throw new SignInNeeded("session");
}

export async function signOut() {
  await call("session", { method: "DELETE" });
}

/** Every rule book, with what is in force. */
export async function books() {
  const answer = await call("v1/rulebooks");
  return answer.ok ? (await answer.json()).items : [];
}

/** The answer to a question, and what it would be over the next days. `question` is JSON text. */
export async function ask(question) {
  const options = { method: "POST", headers: JSON_HEADERS, body: question };
  const answer = await call("v1/compliance/timeline", options);
  const body = await answer.json();
  if (!answer.ok) throw new Refused(body);
  return body;
}
