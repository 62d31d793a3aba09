// The dashboard: asks for the figures of a currency and a period, shows them, keeps them fresh.

import { Gone, Live, SignInNeeded, kpi, lookIn, ping, signIn, signOut } from "./api.js";
import { chart } from "./charts.js";
import * as format from "./format.js";
import { aging, segments, tiles } from "./panels.js";

const $ = (id) => document.getElementById(id);
const REFRESH_MS = 1_500; // at most so often, however busy the stream is
const PING_MS = 5_000; // a server that hangs closes no stream
const LONG_AGO = "2000-01-01"; // before any figure

const view = { currency: null, range: "90", from: null, to: null };
const state = { shown: null, busy: false, again: false, timer: null, gone: false };

/* ------------------------------------------------------------------ asking */

/** The currencies there are figures in, and their last day; null where there are none. */
async function survey() {
  const all = await kpi("invoiced", { from: LONG_AGO });
  if (!all) return null;
  const currencies = all.currency
    ? [all.currency]
    : (all.groups ?? []).map((group) => group.key.currency).filter(Boolean);
  if (!currencies.length) return null;
  return { currencies: currencies.sort(), to: all.to };
}

async function chooseWindow(last) {
  const to = (view.range === "custom" && view.to) || last;
  if (view.range === "custom" && view.from) return { from: view.from, to };
  if (view.range === "custom" || view.range === "all") return { from: await beginning(to), to };
  return { from: format.shift(to, 1 - Number(view.range)), to };
}

/** The first month in which something was invoiced. */
async function beginning(to) {
  const asked = { from: LONG_AGO, to, currency: view.currency, interval: "month" };
  const series = (await kpi("invoiced", asked))?.series ?? [];
  return series.find(({ value }) => value)?.from ?? to;
}

/** Coarse enough to read: a ratio of one day says little. */
function intervalOf({ from, to }) {
  const length = format.length(from, to);
  if (length <= 31) return "day";
  return length <= 190 ? "week" : "month";
}

async function collect(last) {
  const window = await chooseWindow(last);
  const currency = view.currency;
  const inMoney = { ...window, currency };
  const interval = intervalOf(window);
  const length = format.length(window.from, window.to);
  const before = {
    from: format.shift(window.from, -length),
    to: format.shift(window.from, -1),
    currency,
  };
  const endBefore = { ...before, from: before.to, interval: "day" };
  const coarse = interval === "day" ? "week" : interval;
  const wanted = {
    recovery: ["recovery_rate", { ...inMoney, interval: coarse }],
    dso: ["dso", { ...inMoney, interval: coarse }],
    bestDso: ["best_possible_dso", { ...inMoney, interval: coarse }],
    late: ["average_days_late", inMoney],
    cei: ["collection_effectiveness_index", inMoney],
    aging: ["aging", { ...inMoney, group_by: "bucket" }],
    contacts: ["contacts", { ...window, interval }],
    suppressed: ["suppressed_contact_rate", { ...window, interval }],
    invoiced: ["invoiced", { ...inMoney, interval }],
    received: ["received", { ...inMoney, interval }],
    recoveryBefore: ["recovery_rate", before],
    dsoBefore: ["dso", endBefore],
    lateBefore: ["average_days_late", before],
    ceiBefore: ["collection_effectiveness_index", before],
    recoveryBy: ["recovery_rate", { ...inMoney, group_by: "segment" }],
    lateBy: ["average_days_late", { ...inMoney, group_by: "segment" }],
    agingBy: ["aging", { ...inMoney, group_by: "segment" }],
    contactsBy: ["contacts", { ...window, group_by: "segment" }],
  };
  const answers = await Promise.all(
    Object.values(wanted).map(([name, parameters]) => kpi(name, parameters)),
  );
  const figures = Object.fromEntries(Object.keys(wanted).map((key, at) => [key, answers[at]]));
  for (const key of ["dso", "bestDso", "dsoBefore"]) figures[key] = atEnd(figures[key]);
  return { window, currency, interval, figures };
}

/** DSO at the end of the window is that of the days before it: the last of the series, as drawn. */
function atEnd(answer) {
  const last = answer?.series.at(-1);
  return last ? { ...answer, value: last.value } : answer;
}

/* ------------------------------------------------------------------ showing */

function valuesOf(answer, periods, pick = (item) => item.value) {
  const found = new Map((answer?.series ?? []).map((item) => [item.from, pick(item)]));
  return periods.map(({ from }) => found.get(from) ?? null);
}

function periodsOf(...answers) {
  const found = new Map();
  for (const answer of answers) {
    for (const { from, to, is_complete: whole } of answer?.series ?? []) found.set(from, { from, to, whole });
  }
  return [...found.values()].sort((a, b) => (a.from < b.from ? -1 : 1));
}

function showCharts({ figures, currency, window }) {
  const { recovery, dso, bestDso, invoiced, received, contacts, suppressed } = figures;
  const over = `from ${format.day(window.from)} to ${format.day(window.to)}`;
  const short = (minor) => format.money(minor, currency, "short");
  const full = (minor) => format.money(minor, currency);
  let periods = periodsOf(recovery);
  chart($("card-recovery"), {
    periods,
    axis: (value) => format.share(value, 0),
    summary: `Recovery rate ${over}: ${format.share(recovery?.value)} in all`,
    series: [{ label: "Recovery rate", hue: "--accent", values: valuesOf(recovery, periods), show: format.share }],
  });
  // What a balance is at the end of a period is known in full, whether or not the period is over.
  periods = periodsOf(dso, bestDso).map((period) => ({ ...period, whole: true }));
  chart($("card-dso"), {
    periods,
    axis: (value) => format.count(value),
    summary: `Days sales outstanding ${over}: ${format.days(dso?.value)}, best possible ${format.days(bestDso?.value)}`,
    series: [
      { label: "DSO", hue: "--accent", values: valuesOf(dso, periods), show: format.days },
      { label: "Best", hue: "--second", values: valuesOf(bestDso, periods), show: format.days, dash: [6, 5] },
    ],
  });
  periods = periodsOf(invoiced, received);
  chart($("card-cash"), {
    periods,
    axis: short,
    summary: `Invoiced ${full(invoiced?.value)} and received ${full(received?.value)} ${over}`,
    series: [
      { label: "Invoiced", hue: "--third", values: valuesOf(invoiced, periods), show: full, bars: true },
      { label: "Received", hue: "--accent", values: valuesOf(received, periods), show: full, bars: true },
    ],
  });
  periods = periodsOf(contacts, suppressed);
  chart($("card-contacts"), {
    periods,
    axis: (value) => (Number.isInteger(value) ? format.count(value) : ""),
    summary: `${format.count(contacts?.value)} contacts sent and ${format.count(suppressed?.numerator ?? 0)} kept back ${over}`,
    series: [
      { label: "Sent", hue: "--accent", values: valuesOf(contacts, periods), show: format.count, bars: true },
      {
        label: "Kept back",
        hue: "--second",
        values: valuesOf(suppressed, periods, (item) => item.numerator),
        show: format.count,
        bars: true,
      },
    ],
  });
}

function show(collected) {
  $("tiles").replaceChildren(...tiles(collected));
  aging(collected);
  segments(collected);
  showCharts(collected);
}

function showState(name) {
  document.body.dataset.state = name;
  $("empty").hidden = name !== "empty";
  $("signin").hidden = name !== "signin";
  $("figures").hidden = name === "empty" || name === "signin";
  $("controls").inert = name === "empty" || name === "signin";
}

function showCurrencies(currencies) {
  const select = $("currency");
  if (!currencies.includes(view.currency)) view.currency = currencies[0];
  const listed = [...select.options].map((option) => option.value);
  if (listed.join() !== currencies.join()) {
    select.replaceChildren(...currencies.map((code) => new Option(code, code)));
  }
  select.value = view.currency;
  select.disabled = false;
}

function showLive(kind, text) {
  $("live").dataset.live = kind;
  const place = $("live").lastElementChild;
  if (place.textContent !== text) place.textContent = text;
}

function showGone() {
  state.gone = true;
  document.body.dataset.stale = "";
  const since = state.shown ? ` Figures are as of ${format.time(state.shown)}.` : "";
  const text = `The server does not answer.${since} Trying again by itself…`;
  if ($("banner").textContent !== text) $("banner").textContent = text;
  $("banner").hidden = false;
  showLive("off", "Reconnecting…");
}

function showBack() {
  state.gone = false;
  delete document.body.dataset.stale;
  $("banner").hidden = true;
  $("banner").textContent = "";
}

/* ------------------------------------------------------------------ keeping fresh */

async function refresh() {
  if (state.busy) {
    state.again = true;
    return;
  }
  state.busy = true;
  try {
    const found = await survey();
    if (!found) {
      showState("empty");
    } else {
      showCurrencies(found.currencies);
      const collected = await collect(found.to);
      showState("ready"); // before drawing: charts measure the room they have
      show(collected);
      const { window } = collected;
      if (view.range !== "custom") [$("from").value, $("to").value] = [window.from, window.to];
      $("asof").textContent = `${format.day(window.from)} to ${format.day(window.to)}, as of ${format.time(Date.now())}`;
    }
    state.shown = Date.now();
    showBack();
  } catch (error) {
    if (error instanceof SignInNeeded) askToSignIn("The session has ended.");
    else if (error instanceof Gone) showGone();
    else throw error;
  } finally {
    state.busy = false;
    if (state.again) {
      state.again = false;
      soon();
    }
  }
}

/** Refresh a little later, once for all that happens until then. */
function soon() {
  if (state.timer) return;
  state.timer = setTimeout(() => {
    state.timer = null;
    refresh();
  }, REFRESH_MS);
}

const live = new Live("v1/stream", {
  names: ["figures", "alert", "plan", "experiment", "reset"],
  onNews: soon,
  onUp: () => {
    showLive("on", "Live");
    refresh(); // whatever happened while we did not listen
  },
  onDown: () => {
    showLive("off", "Reconnecting…");
    ping().catch((error) => error instanceof Gone && showGone());
  },
});

setInterval(async () => {
  if (document.hidden) return;
  try {
    await ping();
    if (state.gone && document.body.dataset.state !== "signin") live.open();
  } catch (error) {
    if (error instanceof Gone) showGone();
  }
}, PING_MS);

/* ------------------------------------------------------------------ entering */

const linkEnded = location.hash === "#link=ended" ? "That link was used, or it is too old." : "";

async function enter(token) {
  try {
    await (token ? signIn(token) : lookIn());
    return true;
  } catch (error) {
    if (error instanceof Gone) showGone();
    else if (error instanceof SignInNeeded) {
      askToSignIn(token ? "That token is not accepted." : linkEnded);
    } else throw error;
    return false;
  }
}

function askToSignIn(why) {
  showState("signin");
  showLive("off", "Signed out");
  $("signin-error").textContent = why;
}

async function start(token) {
  if (await enter(token)) {
    if (document.body.dataset.state === "signin") showState("loading");
    live.open();
  } else if (state.gone) {
    setTimeout(() => start(token), 2_000);
  }
}

function remember() {
  const query = new URLSearchParams({ currency: view.currency ?? "", range: view.range });
  if (view.range === "custom") {
    query.set("from", view.from);
    query.set("to", view.to);
  }
  history.replaceState(null, "", `#${query}`);
}

function recall() {
  const query = new URLSearchParams(location.hash.slice(1));
  view.currency = query.get("currency") || null;
  view.range = query.get("range") || "90";
  view.from = query.get("from");
  view.to = query.get("to");
  for (const input of document.getElementsByName("range")) input.checked = input.value === view.range;
  if (view.range === "custom") [$("from").value, $("to").value] = [view.from ?? "", view.to ?? ""];
}

$("controls").addEventListener("submit", (event) => event.preventDefault());
$("controls").addEventListener("change", (event) => {
  if (event.target.name === "range") view.range = event.target.value;
  if (event.target.type === "date") {
    view.range = "custom";
    [view.from, view.to] = [$("from").value, $("to").value];
    for (const input of document.getElementsByName("range")) input.checked = false;
    const backwards = view.from && view.to && view.from > view.to;
    $("to").setCustomValidity(backwards ? "The period ends before it begins." : "");
    if (!$("controls").reportValidity()) return;
  }
  if (event.target.id === "currency") view.currency = event.target.value;
  remember();
  refresh();
});
$("signin-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const token = $("token").value.trim();
  $("token").value = "";
  start(token);
});

$("signout").addEventListener("click", async () => {
  try {
    await signOut();
  } catch (error) {
    if (!(error instanceof SignInNeeded || error instanceof Gone)) throw error;
  }
  location.reload();
});

recall();
$("tiles").replaceChildren(...tiles({ figures: {}, currency: "EUR" }));
start();
