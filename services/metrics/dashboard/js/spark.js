// Spark lines: the way of a figure in a hand's breadth. The figure beside it says it in words.

import { svg } from "./dom.js";

const WIDTH = 120;
const HEIGHT = 32;

/** @param {(number | null)[]} values @param {boolean} isPart whether the last one is of a part */
export function spark(values, isPart) {
  const known = /** @type {number[]} */ (values.filter((value) => value !== null));
  if (known.length < 2) return null;
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const x = (/** @type {number} */ at) => 3 + ((WIDTH - 6) * at) / (values.length - 1);
  const y = (/** @type {number} */ value) => (high === low ? HEIGHT / 2 : HEIGHT - 4 - ((HEIGHT - 8) * (value - low)) / (high - low));
  const points = values.flatMap((value, at) => (value === null ? [] : [[x(at), y(value)]]));
  const d = (/** @type {number[][]} */ list) => list.map(([px, py], at) => `${at ? "L" : "M"}${px?.toFixed(1)} ${py?.toFixed(1)}`).join("");
  const sure = isPart ? points.slice(0, -1) : points;
  const end = /** @type {number[]} */ (points.at(-1));
  const made = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "spark", preserveAspectRatio: "xMinYMid", "aria-hidden": "true", focusable: "false" }, svg("path", { d: d(sure) }));
  if (isPart) made.append(svg("path", { d: d(points.slice(-2)), class: "part" }));
  made.append(svg("circle", { cx: end[0] ?? 0, cy: end[1] ?? 0, r: 3 }));
  return made;
}
