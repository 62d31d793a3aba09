// The arms of experiments that figures can be narrowed to.

import { answered } from "../http.js";

const EXPERIMENTS_MAX = 20;

/** @type {Promise<string[]> | null} */
let asked = null;

/** As `experiment/arm`; asked for once. */
export function knownArms() {
  asked ??= readArms();
  return asked;
}

async function readArms() {
  const names = new Set(/** @type {any[]} */ ((await answered("/v1/experiments"))?.items ?? []).map((one) => one.name));
  const found = await Promise.all([...names].slice(0, EXPERIMENTS_MAX).map((name) => answered(`/v1/experiments/${encodeURIComponent(name)}`)));
  return found.flatMap((one) => (one?.arms ?? []).map((/** @type {any} */ arm) => `${one.name}/${arm.arm}`));
}
