// Talking to metrics: the session, the figures, the live stream.

/** The server does not answer, or not with figures. */
export class Gone extends Error {}

/** The server wants a token first. */
export class SignInNeeded extends Error {}

const PATIENCE_MS = 10_000;

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

/** Whether a session is open; `SignInNeeded` where none is. */
export async function lookIn() {
  await call("v1/kpis");
}

/** One KPI, or null where the server does not have it in that form. */
export async function kpi(name, parameters = {}) {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(parameters)) if (value) query.set(key, value);
  const text = query.toString();
  const answer = await call(`v1/kpis/${name}${text ? `?${text}` : ""}`, {
    headers: { accept: "application/json" },
  });
  if (!answer.ok) return null;
  try {
    return await answer.json();
  } catch (error) {
    throw new Gone(`${name}: ${error.message}`);
  }
}

/** Whether the server lives. */
export async function ping() {
  await call("health/live");
}

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 15_000;

/**
 * The live stream. `onNews` at every event, `onUp` when it (re)opens, `onDown` when it is lost.
 * It reopens by itself for ever, also where the browser would give up (after an HTTP error).
 */
export class Live {
  constructor(path, { names, onNews, onUp, onDown }) {
    Object.assign(this, { path, names, onNews, onUp, onDown, wait: FIRST_WAIT_MS });
  }

  open() {
    clearTimeout(this.timer);
    this.source?.close();
    const source = new EventSource(this.path);
    this.source = source;
    source.onopen = () => {
      this.wait = FIRST_WAIT_MS;
      this.onUp();
    };
    source.onmessage = (event) => this.onNews(event);
    for (const name of this.names) source.addEventListener(name, (event) => this.onNews(event));
    source.onerror = () => this.retry();
  }

  /** Reopen after a while. The browser's own retries have no limit and no patience: not used. */
  retry() {
    this.source?.close();
    this.onDown();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.open(), this.wait);
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT_MS);
  }
}
