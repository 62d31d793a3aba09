// The tabs: which page is open, and the same filters at the others.

import { link } from "./address.js";

const tabs = () => /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".tabs a"));

/** Mark the tab of a path, and bring it in sight where tabs are scrolled. @param {string} path */
export function markTab(path) {
  for (const tab of tabs()) {
    const href = tab.dataset.page ?? "/";
    const isHere = href === "/" ? path === "/" : path === href || path.startsWith(`${href}/`);
    if (!isHere) tab.removeAttribute("aria-current");
    else {
      tab.setAttribute("aria-current", "page");
      tab.scrollIntoView({ block: "nearest", inline: "center" });
    }
  }
}

/** A tab leads to its page under the filters of this one. */
export function aimTabs() {
  for (const tab of document.querySelectorAll(".tabs a, .brand")) tab.setAttribute("href", link(tab.getAttribute("data-page") ?? "/"));
}
