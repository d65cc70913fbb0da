import { readFileSync } from "node:fs";

/** The reports' style sheet, which the demo page shares. */
export const PAGE_STYLE = readFileSync(new URL("page.css", import.meta.url), "utf8");
