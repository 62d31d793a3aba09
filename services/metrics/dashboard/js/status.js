// Where the figures stand: live, behind, rebuilt, or the server gone.

import { byId } from "./dom.js";
import * as format from "./format.js";
import { Gone, Refused, read } from "./http.js";

const PING_MS = 5_000; // a server that hangs closes no stream
const BEHIND_SECONDS = 3;

const state = { isUp: false, isGone: false, shownAt: 0, behind: 0, hasRebuild: true };

/** @param {{onBack: () => void}} ears */
export function watch({ onBack }) {
  const look = async () => {
    if (document.hidden || document.body.dataset.state === "signin") return;
    try {
      await lag();
      if (state.isGone) onBack();
    } catch (error) {
      if (error instanceof Gone) gone();
    }
  };
  setInterval(look, PING_MS);
  return look;
}

async function lag() {
  const found = await read("/v1/lag");
  const oldest = Math.max(0, ...(found?.items ?? []).map((/** @type {any} */ item) => item.oldest_seconds ?? 0));
  state.behind = found?.behind ? oldest : 0;
  chip();
  if (state.hasRebuild) await rebuild();
}

async function rebuild() {
  try {
    const found = await read("/v1/rebuild");
    const isRunning = !!found?.behind && !!found?.total;
    const done = isRunning ? 1 - found.behind / found.total : 1;
    const ends = found?.ends_at ? `, done about ${format.instant(found.ends_at)}` : "";
    const stale = found?.stale_since ? `Figures stand still since ${format.instant(found.stale_since)}. ` : "";
    note(isRunning ? `${stale}The figures are being computed anew from the log: ${format.share(done, 0)}${ends}.` : "");
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.problem.status === 404) state.hasRebuild = false; // this release has none
  }
}

/** @param {string} text */
function note(text) {
  const banner = byId("rebuild");
  if (banner.textContent !== text) banner.textContent = text;
  banner.hidden = !text;
}

function chip() {
  const live = byId("live");
  const isBehind = state.isUp && state.behind >= BEHIND_SECONDS;
  live.dataset.live = !state.isUp ? "off" : isBehind ? "behind" : "on";
  const text = !state.isUp ? "Reconnecting…" : isBehind ? `${format.duration(state.behind)} behind` : "Live";
  const place = /** @type {HTMLElement} */ (live.lastElementChild);
  if (place.textContent !== text) place.textContent = text;
}

/** @param {boolean} isUp */
export function streamIs(isUp) {
  state.isUp = isUp;
  chip();
}

/** The page's figures are those of now. */
export function fresh() {
  state.shownAt = Date.now();
  state.isGone = false;
  delete document.body.dataset.stale;
  byId("banner").hidden = true;
  byId("banner").textContent = "";
}

export function gone() {
  state.isGone = true;
  document.body.dataset.stale = "";
  const since = state.shownAt ? ` The figures are as of ${format.time(state.shownAt)}.` : "";
  const text = `The server does not answer.${since} Trying again by itself…`;
  if (byId("banner").textContent !== text) byId("banner").textContent = text;
  byId("banner").hidden = false;
  streamIs(false);
}
