// Which page stands at which path. A page's module is fetched when it is first opened.

/** @import { Page } from "../types.js" */

import { h } from "./dom.js";

/** @type {[RegExp, () => Promise<{page: Page}>][]} */
const PAGES = [
  [/^\/$/, () => import("./pages/glance.js")],
  [/^\/receivables$/, () => import("./pages/receivables.js")],
  [/^\/collections$/, () => import("./pages/collections.js")],
  [/^\/contacts$/, () => import("./pages/contacts.js")],
  [/^\/experiments$/, () => import("./pages/experiments.js")],
  [/^\/experiments\/[^/]+$/, () => import("./pages/experiment.js")],
  [/^\/plans$/, () => import("./pages/plans.js")],
  [/^\/plans\/[^/]+$/, () => import("./pages/plan.js")],
  [/^\/people$/, () => import("./pages/people.js")],
  [/^\/people\/[^/]+$/, () => import("./pages/person.js")],
  [/^\/process$/, () => import("./pages/process.js")],
];

/** @param {string} path @returns {Promise<Page>} */
export async function loadPage(path) {
  const found = PAGES.find(([pattern]) => pattern.test(path));
  if (!found) return { title: "No such page", filters: false, panels: () => [] };
  try {
    return (await found[1]()).page;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    // The files of this release are not there any more: the service is another one by now.
    const reload = () => h("button", { type: "button", class: "primary", on: { click: () => location.reload() } }, "Load the page anew");
    return { title: "This page was updated", filters: false, panels: () => [], top: () => [h("p", {}, "A newer release of the page is here. "), reload()] };
  }
}
