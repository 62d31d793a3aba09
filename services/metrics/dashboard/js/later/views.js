// Views: what somebody looks at, kept under a name; one's own and those that others share.

import { act } from "../acts.js";
import { current, go, write } from "../address.js";
import { fill, h } from "../dom.js";
import { Gone, Refused, SignInNeeded, read } from "../http.js";
import { faultOf } from "../words.js";

export async function openViews() {
  const list = h("ul", { class: "list" });
  const fault = h("p", { class: "error", role: "alert" });
  const title = h("input", { required: true, maxlength: "200", id: "view-title" });
  const shared = h("input", { type: "checkbox" });
  const dialog = h("dialog", { "aria-labelledby": "h-views" });
  const form = h(
    "form",
    { method: "dialog", class: "asked" },
    h("h2", { id: "h-views" }, "Views"),
    list,
    h("label", { class: "field" }, h("span", {}, "Keep this page with its filters as"), title),
    h("label", { class: "inline" }, shared, h("span", {}, "for everybody here")),
    fault,
    h("menu", {}, h("button", { type: "button", class: "quiet", on: { click: () => dialog.close() } }, "Close"), h("button", { type: "submit", class: "primary" }, "Keep")),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const body = { title: title.value.trim(), page: location.pathname, query: write(current()).slice(1), shared: shared.checked };
    fill(fault, await act("PUT", `/views/${nameOf(title.value)}`, body, "Kept."));
    if (!fault.textContent) await show(list, fault, dialog);
  });
  dialog.addEventListener("close", () => dialog.remove());
  dialog.append(form);
  document.body.append(dialog);
  dialog.showModal();
  await show(list, fault, dialog);
}

/** A name for an address, from a title. @param {string} title */
function nameOf(title) {
  const plain = title.normalize("NFKD").replace(/[^A-Za-z0-9]+/g, "-").replace(/^-+|-+$/g, "").toLowerCase();
  return (plain || "view").slice(0, 64);
}

/** @param {Element} list @param {Element} fault @param {HTMLDialogElement} dialog */
async function show(list, fault, dialog) {
  try {
    const items = /** @type {any[]} */ ((await read("/v1/views")).items ?? []);
    fill(list, items.length ? items.map((view) => line(view, list, fault, dialog)) : h("li", { class: "soft" }, "None is kept yet."));
  } catch (error) {
    if (error instanceof Refused) fill(fault, faultOf(error.problem));
    else if (error instanceof Gone || error instanceof SignInNeeded) fill(fault, "The server does not answer.");
    else throw error;
  }
}

/** @param {any} view @param {Element} list @param {Element} fault @param {HTMLDialogElement} dialog */
function line(view, list, fault, dialog) {
  const address = view.page + (view.query ? `?${view.query}` : "");
  const open = h("a", { href: address, on: { click: (/** @type {Event} */ event) => (event.preventDefault(), dialog.close(), go(address)) } }, view.title);
  const remove = async () => {
    fill(fault, await act("DELETE", `/views/${encodeURIComponent(view.name)}`, undefined, "Forgotten."));
    await show(list, fault, dialog);
  };
  const whose = view.own === false ? `shared by ${view.owner}` : view.shared ? "yours, shared" : "yours";
  return h("li", { class: "row" }, open, h("span", { class: "note row" }, whose, view.own === false ? null : h("button", { type: "button", class: "quiet", "aria-label": `Forget ${view.title}`, on: { click: remove } }, "✕")));
}

/** The address of a kept view: `/?view=<name>` opens it. @param {string} name */
export async function addressOf(name) {
  const view = await read(`/v1/views/${encodeURIComponent(name)}`);
  return view.page + (view.query ? `?${view.query}` : "");
}
