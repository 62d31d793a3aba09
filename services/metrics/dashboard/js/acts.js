// What somebody does from a page: a button where the role allows it, a dialog where words are needed.

/** @import { View } from "../types.js" */

import { byId, fill, h } from "./dom.js";
import { Gone, Refused, SignInNeeded, send } from "./http.js";
import { faultOf } from "./words.js";

const TOAST_MS = 6_000;

/** Whether the holder of the session may. Roles decide; the server has the last word.
 * @param {View} view @param {string} scope @param {string[]} [roles] */
export function may(view, scope, roles = []) {
  const hasRole = !roles.length || roles.some((role) => view.me.roles.includes(role));
  return hasRole && view.me.scopes.includes(scope);
}

/** @param {string} text */
export function toast(text) {
  const place = byId("toast");
  place.textContent = text;
  place.hidden = false;
  setTimeout(() => (place.hidden = true), TOAST_MS);
}

/** Everything on the page may be other now. */
export const changed = () => document.dispatchEvent(new CustomEvent("recoup:changed"));

/** Do it; what is said against it, as words. @param {string} method @param {string} path @param {unknown} body @param {string} done @returns {Promise<string>} */
export async function act(method, path, body, done) {
  try {
    await send(method, `/acts${path}`, body);
    toast(done);
    changed();
    return "";
  } catch (error) {
    if (error instanceof Refused) return faultOf(error.problem);
    if (error instanceof Gone) return "The server does not answer. Nothing was done.";
    if (error instanceof SignInNeeded) return "The session has ended. Sign in and do it again.";
    throw error;
  }
}

/**
 * @typedef {{name: string, label: string, kind?: "text" | "area" | "check" | "date", hint?: string, required?: boolean}} FieldSpec
 * @typedef {{title: string, text?: string, verb: string, grave?: boolean, fields?: FieldSpec[], run: (values: Record<string, any>) => Promise<string>}} AskSpec
 */

/** A dialog with some fields and one act. @param {AskSpec} spec */
export function ask({ title, text, verb, grave = false, fields = [], run }) {
  const dialog = h("dialog", { "aria-labelledby": "h-ask" });
  const fault = h("p", { class: "error", role: "alert" });
  const inputs = fields.map(input);
  const go = h("button", { type: "submit", class: grave ? "grave" : "primary" }, verb);
  const form = h(
    "form",
    { method: "dialog", class: "asked" },
    h("h2", { id: "h-ask" }, title),
    text ? h("p", { class: "soft" }, text) : null,
    inputs.map(({ element }) => element),
    fault,
    h("menu", {}, h("button", { type: "button", class: "quiet", on: { click: () => dialog.close() } }, "Not now"), go),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    go.disabled = true;
    fill(fault, await run(Object.fromEntries(inputs.map(({ name, value }) => [name, value()]))));
    go.disabled = false;
    if (!fault.textContent) dialog.close();
  });
  dialog.addEventListener("close", () => dialog.remove());
  dialog.append(form);
  document.body.append(dialog);
  dialog.showModal();
}

/** @param {FieldSpec} spec */
function input({ name, label, kind = "text", hint, required }) {
  if (kind === "area") {
    const made = h("textarea", { name, required: !!required, maxlength: "4000" });
    return { name, value: () => made.value.trim(), element: h("label", { class: "field" }, h("span", {}, label), made, hint ? h("span", { class: "hint" }, hint) : null) };
  }
  const type = kind === "check" ? "checkbox" : kind;
  const made = h("input", { name, type, required: !!required, ...(kind === "text" && { maxlength: "300" }) });
  const value = () => (kind === "check" ? made.checked : made.value.trim());
  const element = kind === "check" ? h("label", { class: "inline" }, made, h("span", {}, label)) : h("label", { class: "field" }, h("span", {}, label), made, hint ? h("span", { class: "hint" }, hint) : null);
  return { name, value, element };
}

/** @param {string} label @param {() => void} click @param {"" | "primary" | "grave" | "quiet"} [kind] */
export function button(label, click, kind = "") {
  return h("button", { type: "button", class: kind, on: { click } }, label);
}
