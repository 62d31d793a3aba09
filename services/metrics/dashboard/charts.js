// Charts: uPlot in the page's own colours, each with its figures as a table for those who prefer it.

import * as format from "./format.js";

/* global uPlot */

const drawn = new Map(); // place → {plot, again}

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Stripes in the card's colour, laid over periods that are not over or not whole. */
function stripes(context) {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 8 * devicePixelRatio;
  const pen = tile.getContext("2d");
  pen.strokeStyle = colour("--card");
  pen.lineWidth = 3 * devicePixelRatio;
  pen.beginPath();
  for (const at of [-tile.width, 0, tile.width]) {
    pen.moveTo(at - 2, tile.height + 2);
    pen.lineTo(at + tile.width + 2, -2);
  }
  pen.stroke();
  return context.createPattern(tile, "repeat");
}

/** Hatch what belongs to a period that is no full one: as drawn, it would look like a fall. */
function hatch(plot, periods, bars) {
  const { ctx, bbox } = plot;
  const place = (at) => plot.valToPos(bars ? at : plot.data[0][at], "x", true);
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.fillStyle = stripes(ctx);
  periods.forEach(({ whole }, at) => {
    if (whole) return;
    const here = place(at);
    const step = periods.length > 1 ? Math.abs(place(at ? at - 1 : 1) - here) : bbox.width;
    const [from, to] = bars ? [here - step / 2, here + step / 2] : [here - (at ? step : 8), here + (at ? 8 : step)];
    ctx.fillRect(from, bbox.top, to - from, bbox.height);
  });
  ctx.restore();
}

/** Bars stand side by side at equal distances, also where the first period is cut short. */
const EQUAL = 2;
const NARROW = matchMedia("(max-width: 560px)"); // there the legend has a line for each series

function axes(show, bars) {
  const common = {
    stroke: colour("--soft"),
    grid: { stroke: colour("--grid"), width: 1 },
    ticks: { stroke: colour("--grid"), width: 1, size: 4 },
    font: "12px system-ui, sans-serif",
  };
  return [
    {
      ...common,
      grid: { show: false },
      space: 64,
      ...(bars && { values: (_, stamps) => stamps.map((stamp) => format.shortDay(stamp)) }),
    },
    { ...common, size: 64, values: (_, splits) => splits.map((value) => show(value)) },
  ];
}

function serieOf({ label, hue, bars, show, dash }, at, all) {
  const stroke = colour(hue);
  const base = { label, stroke, width: 2, value: (_, value) => show(value) };
  if (!bars) return { ...base, dash, spanGaps: true, fill: at === 0 && all === 1 ? `${stroke}22` : undefined, points: { size: 6, fill: colour("--card") } };
  return {
    ...base,
    width: 0,
    fill: stroke,
    points: { show: false },
    paths: groupedBars(at, all),
  };
}

/** Bars side by side: each series takes its share of a group's width. */
function groupedBars(at, all) {
  const draw = uPlot.paths.bars({
    size: [0.72 / all, 26],
    align: all === 1 ? 0 : at === 0 ? -1 : 1,
    radius: 0.18,
    gap: all === 1 ? 0 : 1,
  });
  return (...given) => draw(...given);
}

/**
 * Draw `series` ([{label, hue, values, show, bars}]) over `periods` ([{from, to, whole}]) into a
 * card; those that are not whole are hatched.
 * `summary` is what the chart says, for those who cannot see it.
 */
export function chart(card, { periods, series, summary, axis }) {
  const place = card.querySelector(".plot");
  const has = periods.length > 0 && series.some(({ values, bars }) => values.some((v) => (bars ? v : v !== null)));
  drawn.get(place)?.plot?.destroy();
  drawn.delete(place);
  place.replaceChildren();
  place.setAttribute("role", "img");
  place.setAttribute("aria-label", has ? summary : "No figures in this period");
  if (!has) {
    const none = document.createElement("p");
    none.className = "none";
    none.textContent = "No figures in this period";
    place.append(none);
    table(card, null);
    return;
  }
  const again = () => chart(card, { periods, series, summary, axis });
  const latest = (self) => {
    if (self.legend.idx !== periods.length - 1) self.setLegend({ idx: periods.length - 1 });
  };
  const bars = series.some((one) => one.bars);
  const first = format.seconds(periods[0].from);
  const last = format.seconds(periods.at(-1).from);
  const step = periods.length > 1 ? (last - first) / (periods.length - 1) : 86_400 * 7;
  const pad = periods.length === 1 ? step * 0.62 : 0;
  place.dataset.hatched = periods.filter(({ whole }) => !whole).length;
  const legend = NARROW.matches ? 8 + 24 * (series.length + 1) : 30;
  const wide = bars ? [-0.6, periods.length - 0.4] : [first - pad, last + pad];
  const plot = new uPlot(
    {
      width: Math.max(200, place.clientWidth),
      height: place.clientHeight - legend,
      tzDate: (stamp) => uPlot.tzDate(new Date(stamp * 1000), "Etc/UTC"),
      padding: [10, 20, 0, 0],
      cursor: { y: false, points: { size: 8 }, drag: { x: false, y: false } },
      legend: { live: true, markers: { width: 0, fill: (_, at) => colour(series[at - 1]?.hue ?? "--soft") } },
      scales: {
        x: { distr: bars ? EQUAL : 1, range: () => wide },
        y: { range: (_, low, high) => reach(low, high, bars) },
      },
      axes: axes(axis, bars),
      // Without a pointer the legend tells of the latest period.
      hooks: {
        setLegend: [
          (self) => {
            if (self.cursor.idx === null || self.cursor.idx === undefined) latest(self);
          },
        ],
        ready: [(self) => latest(self)],
        draw: [(self) => hatch(self, periods, bars)],
      },
      series: [
        { label: "", value: (_, __, ___, at) => (at === null ? "–" : span(periods[at])) },
        ...series.map((one, at) => serieOf(one, at, series.length)),
      ],
    },
    [periods.map(({ from }) => format.seconds(from)), ...series.map(({ values }) => values)],
    place,
  );
  drawn.set(place, { plot, again });
  table(card, { periods, series });
}

/** Room above the highest value, and 0 always in sight, so that heights may be compared. */
function reach(low, high, bars) {
  const least = Math.min(0, low ?? 0);
  const most = Math.max(high ?? 0, bars ? 1 : 0);
  return [least, most === least ? least + 1 : most + (most - least) * 0.12];
}

function span({ from, to, whole }) {
  return whole ? format.span(from, to) : `${format.span(from, to)} (part)`;
}

function table(card, content) {
  const before = card.querySelector(".data");
  const open = before?.open ?? false;
  before?.remove();
  if (!content) return;
  const details = document.createElement("details");
  details.className = "data";
  details.open = open;
  const summary = document.createElement("summary");
  summary.textContent = "As a table";
  const holder = document.createElement("div");
  holder.tabIndex = 0;
  holder.setAttribute("role", "region");
  holder.setAttribute("aria-label", `${card.querySelector("h2").textContent}, as a table`);
  holder.append(
    rows(
      ["Period", ...content.series.map(({ label }) => label)],
      content.periods.map((period, at) => [
        span(period),
        ...content.series.map(({ values, show }) => show(values[at])),
      ]),
    ),
  );
  details.append(summary, holder);
  card.append(details);
}

/** A table of texts; the first cell of each line heads it. */
export function rows(heads, lines) {
  const made = document.createElement("table");
  const head = made.createTHead().insertRow();
  for (const text of heads) {
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.textContent = text;
    head.append(cell);
  }
  const body = made.createTBody();
  for (const line of lines) {
    const row = body.insertRow();
    line.forEach((text, at) => {
      const cell = document.createElement(at === 0 ? "th" : "td");
      if (at === 0) cell.scope = "row";
      cell.textContent = text;
      row.append(cell);
    });
  }
  return made;
}

const resized = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const plot = drawn.get(target)?.plot;
    const width = Math.max(200, target.clientWidth);
    if (plot && plot.width !== width) plot.setSize({ width, height: plot.height });
  }
});
for (const place of document.querySelectorAll(".plot")) resized.observe(place);

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  for (const { again } of [...drawn.values()]) again();
});
