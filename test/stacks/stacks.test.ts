/** Every stack agrees with the float64 reference and with PyTorch, and bears what hosts do to devices. */
import { afterAll, describe, expect, it } from "vitest";
import { caseCount } from "../support/conformance.ts";
import type { StackReport } from "./everywhere.ts";
import { stacks } from "./hosts.ts";

const rows: string[] = [];

function row(name: string, form: string, { counts, failures, seconds, device }: StackReport) {
  // By name: WebDriver gives what it carries in an order of its own.
  const { cases, gradients, verbs, trainings, faults } = counts;
  const numbers = [cases, gradients, verbs, trainings, faults, failures.length];
  const cells = [name, form, ...numbers, seconds.toFixed(0), device];
  return `| ${cells.join(" | ")} |`;
}

afterAll(() => {
  const head =
    "| stack | device | cases | gradients | verbs | trainings | faults | failures | s | calls itself |";
  console.log([head, head.replace(/[^|]+/g, "---"), ...rows].join("\n"));
});

/** `npm run test:stacks -- -t Firefox` runs one. CI runs those that `npm test` does not. */
const wanted = process.env.GRADGPU_STACKS?.split(",");
const chosen = stacks.filter(({ name }) => wanted?.some((one) => name.startsWith(one)) ?? true);

describe.concurrent.each(chosen)("$name", ({ name, forms, devices, run }) => {
  it.each(forms)("%s", async (form) => {
    const report = await run(form);
    rows.push(row(name, form, report));
    expect(report.device).toMatch(devices[form] ?? /never/);
    expect(report.failures).toEqual([]);
    expect(report.counts.cases).toBe(caseCount());
    expect(report.counts.gradients).toBeGreaterThan(caseCount());
  });
});
