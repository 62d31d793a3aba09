// Charts: uPlot in the page's own colours. What they show is beside them as a sentence and a table.

/** @import { ChartSpec, Serie } from "../types.js" */

import * as format from "./format.js";
import { h } from "./dom.js";
import { across, colour, faint, hatch } from "./ink.js";

/** @type {Map<Element, {plot: any, again: () => void}>} */
const drawn = new Map();
/** @param {ChartSpec} spec @param {boolean} bars */
function axes(spec, bars) {
  const common = {
    stroke: colour("--soft"),
    grid: { stroke: colour("--grid"), width: 1 },
    ticks: { stroke: colour("--grid"), width: 1, size: 4 },
    font: "12px system-ui, sans-serif",
  };
  const show = spec.xShow ?? format.shortDay;
  return [
    { ...common, grid: { show: false }, space: 64, values: (/** @type {any} */ _, /** @type {number[]} */ at) => at.map(show), ...(spec.xs && !bars && !spec.dated && { incrs: [1, 2, 3, 5, 7, 10, 15, 30, 60, 90] }) },
    { ...common, size: 64, values: (/** @type {any} */ _, /** @type {number[]} */ splits) => splits.map((value) => spec.axis(value)) },
  ];
}

/** @param {Serie} serie @param {number} at @param {ChartSpec} spec */
function serieOf({ label, hue, bars, show, dash, raw, width, area, stepped }, at, spec) {
  const stroke = colour(hue);
  const value = (/** @type {any} */ _, /** @type {any} */ drawnValue, /** @type {any} */ __, /** @type {number | null} */ idx) =>
    show(raw && idx !== null ? raw[idx] : drawnValue);
  const base = { label, stroke, width: width ?? 2, value };
  if (bars) {
    const all = spec.stacked ? 1 : spec.series.filter((one) => one.bars).length;
    return { ...base, width: 0, fill: stroke, points: { show: false }, paths: groupedBars(spec.stacked ? 0 : at, all) };
  }
  const filled = area ? faint(stroke, 0.14) : undefined;
  return { ...base, dash, spanGaps: true, fill: filled, ...(stepped && { paths: uPlot.paths.stepped({ align: 1 }) }), points: { size: 6, fill: colour("--card"), show: (width ?? 2) > 1 && spec.series[at]?.values.length !== undefined && (spec.series[at]?.values.length ?? 0) < 40 } };
}

/** Bars side by side: each series takes its share of a group's width. @param {number} at @param {number} all */
function groupedBars(at, all) {
  const draw = uPlot.paths.bars({
    size: [0.72 / all, 34],
    align: all === 1 ? 0 : at === 0 ? -1 : 1,
    radius: all === 1 ? 0 : 0.18,
    gap: all === 1 ? 0 : 1,
  });
  return (/** @type {any[]} */ ...given) => draw(...given);
}

/** Room above the highest value, and 0 always in sight, so that heights may be compared.
 * @param {number | null} low @param {number | null} high @param {ChartSpec} spec */
function reach(low, high, spec) {
  const marks = (spec.lines ?? []).map(({ at }) => at);
  const least = Math.min(spec.zero === false ? (low ?? 0) : 0, low ?? 0, ...marks);
  const most = Math.max(high ?? 0, ...marks, least);
  const room = (most - least || 1) * 0.12;
  return [least < 0 ? least - room : least, most + room];
}

/** Draw into a place that has a height. @param {HTMLElement} place @param {ChartSpec} spec */
export function chart(place, spec) {
  drawn.get(place)?.plot.destroy();
  drawn.delete(place);
  place.replaceChildren();
  const bars = spec.series.some((one) => one.bars);
  const xs = spec.xs ?? (spec.periods ?? []).map(({ from }) => format.seconds(from));
  const whole = spec.periods?.map((period) => period.whole) ?? [];
  const first = xs[0] ?? 0;
  const latest = xs.at(-1) ?? 0;
  const step = xs.length > 1 ? (latest - first) / (xs.length - 1) : 86_400 * 7;
  const pad = xs.length === 1 ? step * 0.62 : 0;
  const wide = bars ? [-0.6, xs.length - 0.4] : [first - pad, latest + pad];
  const end = fullest(spec.series, xs.length);
  const settle = (/** @type {any} */ plot) => {
    const idx = plot.cursor.idx;
    if ((idx === null || idx === undefined) && plot.legend.idx !== end) plot.setLegend({ idx: end });
  };
  const name = (/** @type {number | null} */ at) => (at === null ? "–" : spec.xName ? spec.xName(at) : periodName(spec, at));
  const plot = new uPlot(
    {
      width: Math.max(200, place.clientWidth),
      height: Math.max(120, place.clientHeight - legendHeight(spec, place.clientWidth)),
      tzDate: (/** @type {number} */ stamp) => uPlot.tzDate(new Date(stamp * 1000), "Etc/UTC"),
      padding: [10, 24, 0, 0],
      cursor: { y: false, points: { size: 8 }, drag: { x: false, y: false }, ...(spec.hover && { focus: { prox: 24 } }) },
      ...(spec.hover && { focus: { alpha: 0.35 } }),
      legend: { show: spec.legend !== false, live: true, markers: { width: 0, fill: (/** @type {any} */ _, /** @type {number} */ at) => colour(spec.series[at - 1]?.hue ?? "--soft") } },
      scales: { x: { time: !spec.xs || !!spec.dated, distr: bars ? 2 : 1, range: () => wide }, y: { range: (/** @type {any} */ _, /** @type {number} */ low, /** @type {number} */ high) => reach(low, high, spec) } },
      axes: axes(spec, bars),
      bands: spec.band ? [{ series: [spec.band[0] + 1, spec.band[1] + 1], fill: faint(colour(spec.series[spec.band[0]]?.hue ?? "--accent"), 0.16) }] : [],
      hooks: { setSeries: [(/** @type {any} */ self, /** @type {number | null} */ at) => nameHovered(place, spec, self, at)], setLegend: [settle], ready: [settle], draw: [(/** @type {any} */ self) => hatch(self, whole, bars), (/** @type {any} */ self) => across(self, spec.lines ?? [])] },
      series: [{ label: "", value: (/** @type {any} */ _, /** @type {any} */ __, /** @type {any} */ ___, /** @type {number | null} */ at) => name(at) }, ...spec.series.map((one, at) => serieOf(one, at, spec))],
    },
    [xs, ...spec.series.map(({ values }) => values)],
    place,
  );
  if (spec.hover) place.append(h("p", { class: "hovered note", "aria-hidden": "true" }));
  place.dataset.hatched = String(whole.filter((isWhole) => !isWhole).length);
  if (spec.onPick) {
    plot.over.classList.add("picks");
    plot.over.addEventListener("click", () => plot.cursor.idx !== null && plot.cursor.idx !== undefined && spec.onPick?.(plot.cursor.idx, plot.focused ?? null));
  }
  drawn.set(place, { plot, again: () => chart(place, spec) });
  resized.observe(place);
}

/** The last place at which most series have a value: what the legend shows of itself.
 * @param {Serie[]} series @param {number} length */
function fullest(series, length) {
  const known = (/** @type {number} */ at) => series.filter(({ values }) => (values[at] ?? null) !== null).length;
  return Array.from({ length }, (_, at) => at).reduce((best, at) => (known(at) >= known(best) ? at : best), 0);
}

/** Name the line that is pointed at. @param {HTMLElement} place @param {ChartSpec} spec @param {any} plot @param {number | null} at */
function nameHovered(place, spec, plot, at) {
  plot.focused = at ? at - 1 : null;
  const label = place.querySelector(".hovered");
  if (label) label.textContent = at ? (spec.hover?.(at - 1, plot.cursor.idx ?? null) ?? "") : "";
}

const NARROW = matchMedia("(max-width: 40rem)"); // there the legend has a line for each series

/** @param {ChartSpec} spec @param {number} width */
function legendHeight(spec, width) {
  if (spec.legend === false) return 0;
  const shown = spec.series.length;
  if (NARROW.matches) return 8 + 24 * (shown + 1);
  return 8 + 23 * Math.ceil((150 + 165 * shown) / Math.max(200, width));
}

/** @param {ChartSpec} spec @param {number} at */
function periodName(spec, at) {
  const period = spec.periods?.[at];
  return period ? format.period(period) : "–";
}

/** Forget the charts of places that are gone. */
export function sweep() {
  for (const [place, { plot }] of drawn) {
    if (place.isConnected) continue;
    plot.destroy();
    resized.unobserve(place);
    drawn.delete(place);
  }
}

const resized = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const plot = drawn.get(target)?.plot;
    const width = Math.max(200, target.clientWidth);
    if (plot && target.clientWidth && plot.width !== width) plot.setSize({ width, height: plot.height });
  }
});

const redraw = () => [...drawn.values()].forEach(({ again }) => again());
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);

/** @param {number | null} width */
function resize(width) {
  for (const [place, { plot }] of drawn) plot.setSize({ width: width ?? Math.max(200, place.clientWidth), height: plot.height });
}
addEventListener("beforeprint", () => {
  redraw();
  resize(660);
});
addEventListener("afterprint", () => {
  redraw();
  resize(null);
});
