// What may be done with a plan in its state, by whom.

/** @import { View } from "../../types.js" */

import { act, ask, button, may } from "../acts.js";
import { h } from "../dom.js";

/** @param {any} plan @param {View} view @returns {Node[]} */
export function planActs(plan, view) {
  const path = `/plans/${encodeURIComponent(plan.plan_id)}`;
  const writes = may(view, "metrics:write");
  const decides = may(view, "metrics:write", ["manager"]);
  const written = (plan.versions ?? []).find((/** @type {any} */ one) => one.version === plan.draft_version);
  const isAuthor = (written?.authors ?? []).includes(view.me.subject);
  const draft = plan.draft_version;
  const hasDraft = draft !== null && draft !== undefined;
  const print = h("a", { class: "button", href: `/v1${path}/document`, target: "_blank", rel: "noreferrer" }, "Document to print");
  /** @type {Node[]} */
  const made = [print];
  if (hasDraft && decides && !isAuthor) made.push(button("Approve", () => approve(path, draft), "primary"));
  if (hasDraft && decides && isAuthor) made.push(h("span", { class: "note" }, "Somebody else approves it: you wrote it."));
  if (hasDraft && !decides) made.push(h("span", { class: "note" }, "A manager approves it."));
  if (plan.state === "approved" && writes) made.push(button("Withdraw", () => withReason(path, "withdraw", "Withdraw the approval", "Withdrawn: it is a draft again.")));
  if (plan.state === "running" && writes) made.push(button("Record a review", () => review(path), hasDraft && decides ? "" : "primary"));
  if (plan.state === "reviewed" && writes) made.push(button("Close", () => close(path), "primary"));
  if (["draft", "approved", "running"].includes(plan.state) && writes) made.push(button("Close early", () => withReason(path, "close", "Close the plan early", "Closed. Nothing changes it any more."), "grave"));
  return made;
}

/** @param {string} path @param {number} version */
function approve(path, version) {
  ask({ title: `Approve version ${version}?`, text: "It begins by itself on its first day, or the day after this approval. Its contingencies act by themselves then.", verb: "Approve", run: () => act("POST", `${path}/approve`, { version }, "Approved.") });
}

/** @param {string} path @param {string} verb @param {string} title @param {string} done */
function withReason(path, verb, title, done) {
  ask({ title, verb: title.split(" ")[0] ?? verb, grave: true, fields: [{ name: "reason", label: "Reason", required: true }], run: ({ reason }) => act("POST", `${path}/${verb}`, { reason }, done) });
}

/** @param {string} path */
function close(path) {
  ask({ title: "Close the plan?", text: "Nothing changes it any more.", verb: "Close", run: () => act("POST", `${path}/close`, {}, "Closed.") });
}

/** @param {string} path */
function review(path) {
  ask({
    title: "Record a review",
    text: "The progress is kept with it as it is known now.",
    verb: "Record",
    fields: [
      { name: "notes", label: "Notes", kind: "area", required: true },
      { name: "text", label: "A decision, if one was made" },
      { name: "who", label: "Who does it" },
      { name: "by", label: "By", kind: "date" },
      { name: "final", label: "This is the final review", kind: "check" },
    ],
    run: ({ notes, text, who, by, final }) => {
      const decisions = text ? [{ text, ...(who && { who }), ...(by && { by }) }] : [];
      return act("POST", `${path}/reviews`, { notes, decisions, ...(final && { final: true }) }, "Recorded.");
    },
  });
}
