/** How long each step of a program takes, by the GPU's own clock. For finding what to mend, not for use in training. */
import { KernelError } from "../../errors.ts";
import type { FallbackCall } from "../../scheduler/lowering.ts";
import { BUFFER_USAGE } from "./flags.ts";
import type { WebgpuProgram } from "./program.ts";
import type { BufferRange } from "./readback.ts";

/** A query set has room for 4096 timestamps: two a dispatch. */
const MAX_DISPATCHES = 2048;
const BYTES_PER_TIMESTAMP = 8;
const NANOSECONDS_PER_MILLISECOND = 1e6;

/** What profiling needs of a device. */
export interface ProfiledDevice {
  encoder(): GPUCommandEncoder;
  read(encoder: GPUCommandEncoder, range: BufferRange): Promise<ArrayBuffer[]>;
  runOnHost(call: FallbackCall): Promise<void>;
}

/** Milliseconds of each step of the plan of `program`, whose storages are bound; steps on the host by the host's clock. */
export async function profileProgram(
  device: GPUDevice,
  program: WebgpuProgram,
  host: ProfiledDevice,
): Promise<Float64Array> {
  if (!device.features.has("timestamp-query")) {
    throw new KernelError(
      "webgpu: profiling needs the feature timestamp-query; got a device without it. Use another adapter, or request the feature with the device.",
    );
  }
  const times = new Float64Array(program.plan.steps.length);
  for (const segment of program.segments) {
    if (segment.kind === "fallback") {
      const start = performance.now();
      await host.runOnHost(segment.call);
      times[segment.step] = performance.now() - start;
      continue;
    }
    for (let from = segment.from; from < segment.to; from += MAX_DISPATCHES) {
      const to = Math.min(segment.to, from + MAX_DISPATCHES);
      const part = await timeDispatches(device, program, host, from, to);
      part.forEach((milliseconds, i) => {
        times[program.stepOf(from + i)] = milliseconds;
      });
    }
  }
  return times;
}

async function timeDispatches(
  device: GPUDevice,
  program: WebgpuProgram,
  host: ProfiledDevice,
  from: number,
  to: number,
): Promise<number[]> {
  const count = 2 * (to - from);
  const label = "gradgpu profile";
  const querySet = device.createQuerySet({ label, type: "timestamp", count });
  const bytes = count * BYTES_PER_TIMESTAMP;
  const usage = BUFFER_USAGE.QUERY_RESOLVE | BUFFER_USAGE.COPY_SRC;
  const buffer = device.createBuffer({ label, size: bytes, usage });
  try {
    const encoder = host.encoder();
    for (let i = from; i < to; i++) {
      const first = 2 * (i - from);
      const timestampWrites = {
        querySet,
        beginningOfPassWriteIndex: first,
        endOfPassWriteIndex: first + 1,
      };
      program.encode(encoder, i, i + 1, { timestampWrites });
    }
    encoder.resolveQuerySet(querySet, 0, count, buffer, 0);
    const [values = new ArrayBuffer(0)] = await host.read(encoder, {
      buffer,
      byteOffset: 0,
      bytes,
    });
    const stamps = new BigUint64Array(values);
    return Array.from({ length: to - from }, (_, i) => {
      const [begin = 0n, end = 0n] = stamps.subarray(2 * i, 2 * i + 2);
      return Number(end - begin) / NANOSECONDS_PER_MILLISECOND;
    });
  } finally {
    querySet.destroy();
    buffer.destroy();
  }
}
