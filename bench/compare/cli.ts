/** npm run bench:compare -- BASE.json NEW.json; ends with 1 where something got slower beyond the noise. */
import { readFileSync } from "node:fs";
import { compareReports, describeComparison, parseReport } from "./compare.ts";

const [base, now] = process.argv.slice(2);
if (base === undefined || now === undefined) {
  process.stderr.write("npm run bench:compare -- BASE.json NEW.json\n");
  process.exit(2);
}
try {
  const [before, after] = [base, now].map((file) => parseReport(readFileSync(file, "utf8"), file));
  if (before === undefined || after === undefined) throw new Error("two files are needed.");
  const comparison = compareReports(before, after);
  process.stdout.write(`${describeComparison(comparison)}\n`);
  process.exit(comparison.slower.length > 0 ? 1 : 0);
} catch (error) {
  process.stderr.write(`bench:compare: ${error instanceof Error ? error.message : error}\n`);
  process.exit(2);
}
