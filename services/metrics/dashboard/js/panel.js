// A panel: a card that draws what was answered, or says what stands in the way. Others never suffer.

/** @import { Drawn, Got, PanelSpec, View } from "../types.js" */

import { chart } from "./chart.js";
import { fill, h } from "./dom.js";
import { isProblem } from "./query.js";
import { scrolling } from "./table.js";
import { faultOf } from "./words.js";

/** @type {Set<string>} panels whose table is shown, kept while the page is open */
const asTables = new Set();

export class Panel {
  #seen = "";

  /** @param {PanelSpec} spec */
  constructor(spec) {
    this.spec = spec;
    const heading = `h-${spec.id}`;
    this.mark = h("span", { class: "badge", hidden: true });
    this.switch = h("button", { type: "button", class: "quiet switch", "aria-pressed": "false", hidden: true, on: { click: () => this.#turn() } }, "Table");
    this.controls = h("div", { class: "controls" });
    this.sentence = h("p", { class: "sentence" });
    this.plot = h("div", { class: "plot", role: "img", hidden: true });
    this.body = h("div", { class: "body" });
    this.table = h("div", { class: "as-table" });
    const wide = typeof spec.wide === "string" ? spec.wide : spec.wide ? "wide" : "";
    this.element = h(
      "section",
      { class: `card panel ${wide} ${spec.tall ? "tall" : ""}`, id: spec.id, "aria-labelledby": heading },
      h("header", {}, h("h2", { id: heading }, spec.title), h("div", { class: "tools" }, this.mark, this.switch), spec.note ? h("p", {}, spec.note) : null),
      this.controls,
      this.sentence,
      this.plot,
      this.body,
      this.table,
    );
  }

  /** Draw what came, if it is other than what is drawn. @param {Got} got @param {View} view */
  update(got, view) {
    const { keys, optional = [] } = this.spec;
    const mine = Object.fromEntries([...keys, ...optional].map((key) => [key, got[key]]));
    const seen = JSON.stringify([mine, view.currency, view.from, view.to, view.filters, view.me.roles]);
    if (seen === this.#seen) return;
    this.#seen = seen;
    const bad = keys.find((key) => isProblem(got[key]));
    try {
      this.#show(bad ? { ...failed(bad, got[bad]), controls: this.spec.controls?.(view) } : { controls: this.spec.controls?.(view), ...this.spec.draw(got, view) }, !!bad);
    } catch (error) {
      this.#show(failed("this panel", { status: 500, detail: error instanceof Error ? error.message : String(error) }), true);
      console.warn(this.spec.id, error);
    }
  }

  /** @param {Drawn} drawn @param {boolean} isError */
  #show(drawn, isError) {
    const held = this.element.contains(document.activeElement) ? (document.activeElement?.id ?? "") : "";
    const blank = drawn.empty ? [blankOf(drawn.empty)] : [];
    this.element.dataset.shows = isError ? "error" : drawn.empty ? "empty" : "figures";
    this.mark.hidden = !drawn.mark;
    this.mark.textContent = drawn.mark ?? "";
    this.sentence.textContent = drawn.empty ? "" : (drawn.summary ?? "");
    fill(this.controls, ...(drawn.controls ?? []));
    fill(this.body, ...blank, ...(drawn.body ?? []));
    this.body.hidden = !this.body.childNodes.length;
    this.plot.hidden = !drawn.chart || !!drawn.empty;
    fill(this.table, drawn.table && !drawn.empty ? scrolling(drawn.table) : null);
    this.switch.hidden = this.plot.hidden || !drawn.table;
    this.#turn(asTables.has(this.spec.id));
    if (!this.plot.hidden && drawn.chart) {
      this.plot.setAttribute("aria-label", drawn.summary || this.spec.title);
      chart(this.plot, drawn.chart);
    }
    if (held) document.getElementById(held)?.focus();
  }

  /** The chart's figures as a table, or the chart again. @param {boolean} [asTable] */
  #turn(asTable = !asTables.has(this.spec.id)) {
    if (asTable) asTables.add(this.spec.id);
    else asTables.delete(this.spec.id);
    this.element.dataset.form = this.plot.hidden ? "only" : asTable ? "table" : "chart";
    this.switch.setAttribute("aria-pressed", String(asTable));
  }
}

/** @param {string} key @param {import("../types.js").Problem} problem @returns {Drawn} */
function failed(key, problem) {
  const title = problem.status === 404 ? "Not found" : problem.status === 403 ? "Not for you to see" : "This part was not answered";
  return { empty: [title, `The question “${key}” failed: ${faultOf(problem)}`] };
}

/** @param {string | [string, string]} words */
function blankOf(words) {
  const [title, text] = typeof words === "string" ? ["", words] : words;
  return h("div", { class: "blank" }, title ? h("strong", {}, title) : null, h("p", {}, text));
}
