/** Plans the steps in the files that it is given, for a GPU, and prints how many calls each has, or why there is no plan. */
import { planOwnStep } from "../../scripts/own-step.ts";
import { webgpuTraits } from "../../src/devices/webgpu/index.ts";

const outcomes: Record<string, number | string> = {};
for (const path of process.argv.slice(2)) {
  outcomes[path] = await planOwnStep(path, webgpuTraits()).then(
    ({ steps }) => steps.length,
    (error: unknown) => (error instanceof Error ? `${error.name}: ${error.message}` : "no error"),
  );
}
console.log(JSON.stringify(outcomes));
