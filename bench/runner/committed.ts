import { readdirSync, readFileSync } from "node:fs";
import { parseReport } from "../compare/compare.ts";
import type { Report } from "./rows.ts";

const folder = new URL("../history/", import.meta.url);

/** The runs of other machines that are kept in bench/history, by name. */
export function committedReports(): Report[] {
  const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
  return names.map((name) => parseReport(readFileSync(new URL(name, folder), "utf8"), name));
}
