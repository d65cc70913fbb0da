// node .ci/summary.mjs <vitest report> … -- [failed step …]
// Prints what failed, then "N passed, N failed", and exits with 1 unless all is well.

import { existsSync, readFileSync } from "node:fs";

const args = process.argv.slice(2);
const reportPaths = args.slice(0, args.indexOf("--"));
const failedSteps = args.slice(args.indexOf("--") + 1);
const failures = [];
let passed = 0;

function read(reportPath) {
  if (!existsSync(reportPath)) {
    failures.push(`vitest wrote no report (${reportPath})`);
    return;
  }
  const report = JSON.parse(readFileSync(reportPath, "utf8"));
  if (report.testResults.length === 0) failures.push(`vitest ran no file (${reportPath})`);
  for (const file of report.testResults) {
    const before = failures.length;
    for (const test of file.assertionResults) {
      if (test.status === "passed") passed += 1;
      // A skipped test has proven nothing: a run counts only what it has run.
      else failures.push(`${file.name}: ${test.fullName} (${test.status})${whyOf(test)}`);
    }
    // A file that does not load, or whose hooks fail, has no failed test of its own.
    if (file.status !== "passed" && failures.length === before) {
      failures.push(`${file.name}: ${file.message || file.status}`);
    }
  }
}

/** The first lines of what a test failed with: the log of a run is long, and only its end may have been kept. */
function whyOf({ failureMessages = [] }) {
  return failureMessages
    .map((message) => `\n  ${message.slice(0, 600).replaceAll("\n", "\n  ")}`)
    .join("");
}

for (const path of reportPaths) read(path);

// The steps of tests fail because of tests, which are counted; they count themselves only if none did.
for (const name of failedSteps) {
  if (!["test", "stacks"].includes(name) || failures.length === 0) failures.push(`step ${name}`);
}

for (const failure of failures) console.log(`FAILED ${failure}`);
console.log(`${passed} passed, ${failures.length} failed`);
process.exit(failures.length === 0 && passed > 0 ? 0 : 1);
