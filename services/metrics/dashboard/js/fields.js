// Fields that the filter bar and the controls of panels share.

import { h } from "./dom.js";

/** @param {string} id @param {string} label @param {(readonly [string, string])[]} options @param {string} value @param {(value: string) => void} then @param {"field" | "inline"} [kind] */
export function select(id, label, options, value, then, kind = "field") {
  const made = h("select", { id, on: { change: () => then(made.value) } }, options.map(([code, text]) => h("option", { value: code, selected: code === value }, text)));
  return h("label", { class: kind }, h("span", {}, label), made);
}

/** A slider from 0 on, with what its place means beside it. @param {string} id @param {number} most @param {number} at @param {(at: number) => string} say @param {(at: number) => void} then */
export function slider(id, most, at, say, then) {
  const output = h("output", { for: id }, say(at));
  const input = h("input", { type: "range", id, min: "0", max: String(most), value: String(at), "aria-valuetext": say(at) });
  input.addEventListener("input", () => {
    output.textContent = say(Number(input.value));
    input.setAttribute("aria-valuetext", output.textContent);
  });
  input.addEventListener("change", () => then(Number(input.value)));
  return { input, output };
}
