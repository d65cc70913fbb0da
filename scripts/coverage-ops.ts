/** `npm run coverage:ops`: writes docs/ops.md, the table of every op and verb; see test/support/ops-page/. */
import { writeFileSync } from "node:fs";
import { readCoverage } from "../test/support/ops-page/page.ts";

const { ops, verbs, page } = readCoverage();
writeFileSync(new URL("../docs/ops.md", import.meta.url), page);
console.log(`docs/ops.md: ${ops.length} ops, ${verbs.length} verbs.`);
