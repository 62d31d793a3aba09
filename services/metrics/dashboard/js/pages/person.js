/** @import { Page } from "../../types.js" */

/** @type {Page} */
export const page = { title: "person", panels: () => [] };
