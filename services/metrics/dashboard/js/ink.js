// What is drawn with on a canvas: the tokens' colours, stripes, lines across.

import { h } from "./dom.js";

const probe = h("i", { hidden: true });

/** A token's colour as the canvas takes it. @param {string} name */
export function colour(name) {
  if (!probe.isConnected) document.body.append(probe);
  probe.style.color = `var(${name})`;
  return getComputedStyle(probe).color;
}

/** @param {string} rgb @param {number} alpha */
export const faint = (rgb, alpha) => rgb.replace(/^rgba?\(([^)]*?)\)$/, (_, inner) => `rgba(${inner.split(",").slice(0, 3).join(",")}, ${alpha})`);

/** Stripes in the card's colour, laid over periods that are not over or not ripe.
 * @param {CanvasRenderingContext2D} context */
function stripes(context) {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 8 * devicePixelRatio;
  const pen = /** @type {CanvasRenderingContext2D} */ (tile.getContext("2d"));
  pen.strokeStyle = colour("--card");
  pen.lineWidth = 3 * devicePixelRatio;
  pen.beginPath();
  for (const at of [-tile.width, 0, tile.width]) {
    pen.moveTo(at - 2, tile.height + 2);
    pen.lineTo(at + tile.width + 2, -2);
  }
  pen.stroke();
  return /** @type {CanvasPattern} */ (context.createPattern(tile, "repeat"));
}

/** Hatch what belongs to a period that is no full one: as drawn, it would look like a fall.
 * @param {any} plot @param {boolean[]} whole @param {boolean} bars */
export function hatch(plot, whole, bars) {
  if (whole.every(Boolean)) return;
  const { ctx, bbox } = plot;
  const place = (/** @type {number} */ at) => plot.valToPos(bars ? at : plot.data[0][at], "x", true);
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.fillStyle = stripes(ctx);
  whole.forEach((isWhole, at) => {
    if (isWhole) return;
    const here = place(at);
    const step = whole.length > 1 ? Math.abs(place(at ? at - 1 : 1) - here) : bbox.width;
    const [from, to] = bars ? [here - step / 2, here + step / 2] : [here - (at ? step : 8), here + (at ? 8 : step)];
    ctx.fillRect(from, bbox.top, to - from, bbox.height);
  });
  ctx.restore();
}

/** Lines that stand across the chart: a target, no effect. @param {any} plot @param {import("../types.js").ChartSpec["lines"]} lines */
export function across(plot, lines) {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = colour("--soft");
  ctx.font = `${12 * devicePixelRatio}px system-ui, sans-serif`;
  ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
  for (const { at, label, right, below } of lines ?? []) {
    const y = plot.valToPos(at, "y", true);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.textAlign = right ? "right" : "left";
    ctx.textBaseline = below ? "top" : "bottom";
    const inset = 6 * devicePixelRatio;
    ctx.fillText(label, right ? bbox.left + bbox.width - inset : bbox.left + inset, y + (below ? 3 : -3) * devicePixelRatio);
  }
  ctx.restore();
}
