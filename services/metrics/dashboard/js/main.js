// The dashboard's frame: who looks, which page, asking for its figures, keeping them fresh.

/** @import { Catalogued, Got, Me, Page, View } from "../types.js" */

import { toast } from "./acts.js";
import { current, go, link, onMove } from "./address.js";
import { sweep } from "./chart.js";
import { byId, fill, h } from "./dom.js";
import { filtersInWords, showFilters } from "./filters.js";
import * as format from "./format.js";
import { Gone, Live, Refused, SignInNeeded, whoAmI } from "./http.js";
import { collect, survey } from "./gather.js";
import { aimTabs, markTab } from "./nav.js";
import { Panel } from "./panel.js";
import { catalogue } from "./query.js";
import { loadPage } from "./pages.js";
import { askToSignIn, linkFault, listenForTokens } from "./signin.js";
import * as status from "./status.js";
import { viewOf } from "./view.js";

const REFRESH_MS = 1_500; // at most so often, however busy the stream is
const DIM_MS = 300; // what comes sooner needs no sign that it is under way

/** @type {{me: Me | null, kpis: Map<string, Catalogued>, page: Page | null, path: string, panels: Map<string, Panel>, turn: number, busy: boolean, again: boolean, timer: number | undefined, revision: number | null, wasDown: boolean}} */
const state = { me: null, kpis: new Map(), page: null, path: "", panels: new Map(), turn: 0, busy: false, again: false, timer: undefined, revision: null, wasDown: false };

/** `/?view=<name>`: go to what is kept under the name. @returns {Promise<string>} why it is not there */
async function followView() {
  const name = new URLSearchParams(location.search).get("view");
  if (!name) return "";
  try {
    go(await (await import("./later/views.js")).addressOf(name), true);
    return "";
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    go(location.pathname, true);
    return `There is no view “${name}”.`;
  }
}

/** Another page or other filters: show at once what is known of it. */
async function move() {
  const path = location.pathname;
  if (path !== state.path || !state.page) {
    const page = await loadPage(path);
    if (path !== location.pathname) return; // gone on meanwhile
    Object.assign(state, { page, path, panels: new Map() });
    fill(byId("panels"));
    fill(byId("lead"));
    document.title = `${page.title} · Recoup`;
    fill(byId("title"), page.title);
    fill(byId("crumb"), page.crumb ? h("a", { href: link(page.crumb[0]), "data-page": page.crumb[0] }, page.crumb[1]) : null);
    byId("filters").hidden = page.filters === false;
    markTab(path);
    scrollTo(0, 0);
  }
  aimTabs();
  state.turn += 1;
  await refresh();
}

/** Ask anew and show. One at a time: what is wanted meanwhile comes after it. */
async function refresh() {
  if (state.busy) {
    state.again = true;
    return;
  }
  state.busy = true;
  const dim = setTimeout(() => (byId("main").dataset.loading = ""), DIM_MS);
  try {
    await showAll();
    status.fresh();
  } catch (error) {
    if (error instanceof SignInNeeded) askToSignIn("The session has ended.");
    else if (error instanceof Gone) status.gone();
    else throw error;
  } finally {
    clearTimeout(dim);
    delete byId("main").dataset.loading;
    state.busy = false;
    if (state.again) {
      state.again = false;
      soon(0);
    }
  }
}

async function showAll() {
  const { page, me, turn, path } = state;
  if (!page || !me) return;
  const known = await survey();
  if (!known.currencies.length && page.filters === undefined) {
    document.body.dataset.state = "empty";
    return;
  }
  const view = viewOf(current(), path, known, me, state.kpis);
  const { got, choices, revision } = await collect(page, view);
  state.revision = revision;
  if (turn !== state.turn) {
    state.again = true; // the filters are others by now: what came is of the old ones
    return;
  }
  document.body.dataset.state = "ready"; // before drawing: charts measure the room they have
  if (page.filters !== false) showFilters(view, choices, page.filters);
  show(page, got, view);
  const facts = [page.filters === undefined ? filtersInWords(view) : "", revision === null ? "" : `revision ${format.count(revision)}`];
  fill(byId("asof"), facts.filter(Boolean).join(" · "));
  fill(byId("print-head"), facts.filter(Boolean).join(" · "));
}

/** @param {Page} page @param {Got} got @param {View} view */
function show(page, got, view) {
  const heading = page.heading?.(got) || page.title;
  if (byId("title").textContent !== heading) {
    fill(byId("title"), heading);
    document.title = `${heading} · Recoup`;
  }
  const text = JSON.stringify((page.topKeys ?? []).map((key) => got[key])) + JSON.stringify([view.filters, view.from, view.to]);
  if (byId("lead").dataset.seen !== text || !byId("lead").childNodes.length) {
    fill(byId("lead"), ...(page.top?.(got, view) ?? []));
    byId("lead").dataset.seen = text;
  }
  const specs = page.panels(view);
  const ids = specs.map(({ id }) => id).join();
  if (ids !== [...state.panels.keys()].join()) {
    state.panels = new Map(specs.map((spec) => [spec.id, state.panels.get(spec.id) ?? new Panel(spec)]));
    fill(byId("panels"), ...[...state.panels.values()].map(({ element }) => element));
  }
  for (const spec of specs) {
    const panel = /** @type {Panel} */ (state.panels.get(spec.id));
    panel.spec = spec;
    panel.update(got, view);
  }
  sweep();
}

/** Refresh a little later, once for all that happens until then. @param {number} [wait] */
function soon(wait = REFRESH_MS) {
  if (state.timer !== undefined) return;
  state.timer = window.setTimeout(() => {
    state.timer = undefined;
    void refresh();
  }, wait);
}

/** What a stream's event says of the figures' revision. @param {MessageEvent} event */
function revisionOf(event) {
  try {
    return JSON.parse(event.data).revision ?? null;
  } catch {
    return null; // whatever it is, it is news
  }
}

const live = new Live("/v1/stream", {
  names: ["kpis", "figures", "alert", "plan", "experiment", "reset"],
  onNews: (event) => revisionOf(event) !== state.revision && soon(),
  onUp: () => {
    status.streamIs(true);
    if (state.wasDown) soon(0); // whatever happened while nobody listened
    state.wasDown = false;
  },
  onDown: () => {
    state.wasDown = true;
    status.streamIs(false);
    void look();
  },
});
const look = status.watch({ onBack: () => live.open() });

async function start() {
  try {
    [state.me, state.kpis] = await Promise.all([whoAmI(), catalogue()]);
    fill(byId("who"), `${state.me.subject}, ${state.me.tenant}`);
    if (document.body.dataset.state === "signin") document.body.dataset.state = "loading";
    const fault = await followView();
    await move();
    if (fault) toast(fault);
    live.open();
  } catch (error) {
    if (error instanceof SignInNeeded) askToSignIn(linkFault());
    else if (error instanceof Gone) {
      status.gone();
      setTimeout(start, 2_000);
    } else throw error;
  }
}

onMove(() => state.me && void move());
listenForTokens(start);
byId("filters").addEventListener("submit", (event) => event.preventDefault());
byId("print").addEventListener("click", () => print());
document.addEventListener("recoup:changed", () => soon(0));
byId("views").addEventListener("click", async () => (await import("./later/views.js")).openViews());
void start();
