/**
 * What every stack runs, wherever it is: all cases of all ops with their gradients, verbs, whole computations, training
 * against PyTorch's numbers, faults. Free of the test runner and of any host: pages import it, other hosts run it bundled.
 */
import { openCpuDevice } from "../../src/devices/cpu/index.ts";
import type { Device } from "../../src/devices/device.ts";
import { openWebgpuDevice, WebgpuDevice } from "../../src/devices/webgpu/index.ts";
import { webgpuTraits } from "../../src/devices/webgpu/traits.ts";
import { verbFamilies } from "../cases/verbs/index.ts";
import { runComposed } from "../support/composed.ts";
import { runConformance } from "../support/conformance.ts";
import { trainings } from "../support/training-goldens.ts";
import { runVerbFamily } from "../support/verb-goldens.ts";
import { use } from "../training/open.ts";
import { faults } from "./faults.ts";

const openers = {
  cpu: () => openCpuDevice({ threads: 2, parallelBytes: 0 }),
  webgpu: () => openWebgpuDevice(),
  /** The kernels that are chosen for a GPU, on whatever there is. */
  "webgpu, a GPU's kernels": openHardwareKernels,
} satisfies Readonly<Record<string, () => Promise<Device>>>;

export type Form = keyof typeof openers;

async function openHardwareKernels(): Promise<Device> {
  const { gpuDevice } = await openWebgpuDevice();
  return new WebgpuDevice(gpuDevice, {
    traits: webgpuTraits({ limits: gpuDevice.limits }),
    description: `${gpuDevice.adapterInfo.description || "WebGPU adapter"}, a GPU's kernels`,
    isOwned: true,
    budgetBytes: 2 ** 30,
    isDebug: true,
  });
}

export interface StackReport {
  /** As it describes itself. */
  readonly device: string;
  readonly counts: Readonly<
    Record<"cases" | "gradients" | "verbs" | "trainings" | "faults", number>
  >;
  readonly failures: readonly string[];
  readonly seconds: number;
}

/** Not every host's stack has the message. */
const message = (error: unknown) =>
  error instanceof Error ? `${error.message}\n${error.stack}` : String(error);

/** `lastGradient`: as for `trainings`. */
export async function run(form: Form, lastGradient?: number): Promise<StackReport> {
  const start = performance.now();
  const failures: string[] = [];
  const device = await openers[form]();
  const { cases, gradients, failures: failed } = await runConformance(device);
  failures.push(...failed.map(({ op, name, message }) => `${op}, ${name}: ${message}`));
  const { bytes, buffers } = device.memory();
  if (bytes + buffers > 0) failures.push(`the cases left ${bytes} bytes in ${buffers} buffers`);

  const runtime = use(device);
  const reports = [await runComposed()];
  for (const family of Object.keys(verbFamilies)) reports.push(await runVerbFamily(family));
  failures.push(...reports.flatMap((report) => report.failures));
  await runtime.close();

  const attempts = [
    ...Object.entries(trainings).map(
      ([name, train]) => [name, trained(form, () => train(lastGradient))] as const,
    ),
    ...Object.entries(faults).map(
      ([name, fault]) =>
        [name, () => fault(openers[form], form === "cpu" ? "cpu" : "webgpu")] as const,
    ),
  ];
  for (const [name, attempt] of attempts) {
    await attempt().catch((error) => failures.push(`${name}: ${message(error)}`));
  }
  return {
    device: device.description,
    counts: {
      cases,
      gradients,
      verbs: reports.reduce((sum, report) => sum + report.ran, 0),
      trainings: Object.keys(trainings).length,
      faults: Object.keys(faults).length,
    },
    failures,
    seconds: (performance.now() - start) / 1000,
  };
}

function trained(form: Form, train: () => Promise<void>) {
  return async () => {
    const runtime = use(await openers[form]());
    await train();
    await runtime.close();
  };
}
