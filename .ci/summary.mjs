// node .ci/summary.mjs <vitest report> [failed step …]
// Prints what failed, then "N passed, N failed", and exits with 1 unless all is well.

import { existsSync, readFileSync } from "node:fs";

const [reportPath, ...failedSteps] = process.argv.slice(2);
const failures = [];
let passed = 0;

if (existsSync(reportPath)) {
  const report = JSON.parse(readFileSync(reportPath, "utf8"));
  for (const file of report.testResults) {
    const before = failures.length;
    for (const test of file.assertionResults) {
      if (test.status === "passed") passed += 1;
      // A skipped test has proven nothing: a run counts only what it has run.
      else failures.push(`${file.name}: ${test.fullName} (${test.status})`);
    }
    // A file that does not load, or whose hooks fail, has no failed test of its own.
    if (file.status !== "passed" && failures.length === before) {
      failures.push(`${file.name}: ${file.message || file.status}`);
    }
  }
  if (report.testResults.length === 0) failures.push("vitest ran no file");
} else {
  failures.push(`vitest wrote no report (${reportPath})`);
}

// The step "test" fails because of tests, which are counted; it counts itself only if none did.
for (const name of failedSteps) {
  if (name !== "test" || failures.length === 0) failures.push(`step ${name}`);
}

for (const failure of failures) console.log(`FAILED ${failure}`);
console.log(`${passed} passed, ${failures.length} failed`);
process.exit(failures.length === 0 && passed > 0 ? 0 : 1);
