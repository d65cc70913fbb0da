/** How long each step of a program takes: by the GPU's own clock, or by the host's where the GPU tells none. */
import type { FallbackCall } from "../../scheduler/lowering.ts";
import { callsOf } from "../../scheduler/plan.ts";
import { BUFFER_USAGE } from "./flags.ts";
import type { Segment } from "./listing.ts";
import type { WebgpuProgram } from "./program.ts";
import type { BufferRange } from "./readback.ts";

/** A query set has room for 4096 timestamps: two a dispatch. */
const MAX_DISPATCHES = 2048;
const BYTES_PER_TIMESTAMP = 8;
const NANOSECONDS_PER_MILLISECOND = 1e6;

/** What profiling needs of a device. */
export interface ProfiledDevice {
  /** Submits what `record` encodes, and reads behind it. */
  read(record: (encoder: GPUCommandEncoder) => void, range: BufferRange): Promise<ArrayBuffer[]>;
  /** Submits it, and waits until it is done. */
  run(record: (encoder: GPUCommandEncoder) => void): Promise<void>;
  runOnHost(call: FallbackCall, step: number): Promise<void>;
}

/** A dispatch of a program's list, and the step of the loop around it. */
interface Visit {
  readonly dispatch: number;
  readonly step: number;
}

/**
 * Milliseconds of each call of the plan of `program`, as `callsOf` lists them, those of loops added up over its steps.
 * Its storages are bound. Calls on the host are timed by the host's clock.
 */
export async function profileProgram(
  device: GPUDevice,
  program: WebgpuProgram,
  host: ProfiledDevice,
): Promise<Float64Array> {
  const hasClock = device.features.has("timestamp-query");
  const times = new Float64Array(callsOf(program.plan.steps).length);
  const add = (place: number, milliseconds: number) => {
    times[place] = (times[place] ?? 0) + milliseconds;
  };
  let visits: Visit[] = [];
  const time = async () => {
    const part = hasClock
      ? await timeDispatches(device, program, host, visits)
      : await timeApart(program, host, visits);
    part.forEach((milliseconds, i) => {
      add(program.placeOf(visits[i]?.dispatch ?? -1), milliseconds);
    });
    visits = [];
  };
  const walk = async (segments: readonly Segment[], step: number): Promise<void> => {
    for (const segment of segments) {
      if (segment.kind === "fallback") {
        await time();
        const start = performance.now();
        await host.runOnHost(segment.call, step);
        add(segment.place, performance.now() - start);
      } else if (segment.kind === "loop") {
        const { count, reverse, body } = segment;
        for (let i = 0; i < count; i++) await walk(body, reverse ? count - 1 - i : i);
      } else {
        for (let dispatch = segment.from; dispatch < segment.to; dispatch++) {
          if (visits.push({ dispatch, step }) === MAX_DISPATCHES) await time();
        }
      }
    }
  };
  await walk(program.segments, 0);
  await time();
  return times;
}

/** One after the other, each with what it takes to submit it and to hear of its end. */
async function timeApart(
  program: WebgpuProgram,
  host: ProfiledDevice,
  visits: readonly Visit[],
): Promise<number[]> {
  const times: number[] = [];
  for (const { dispatch, step } of visits) {
    const segment = { kind: "dispatches", from: dispatch, to: dispatch + 1 } as const;
    const start = performance.now();
    await host.run((encoder) => program.encode(encoder, [segment], step));
    times.push(performance.now() - start);
  }
  return times;
}

async function timeDispatches(
  device: GPUDevice,
  program: WebgpuProgram,
  host: ProfiledDevice,
  visits: readonly Visit[],
): Promise<number[]> {
  if (visits.length === 0) return [];
  const count = 2 * visits.length;
  const label = "gradgpu profile";
  const querySet = device.createQuerySet({ label, type: "timestamp", count });
  const bytes = count * BYTES_PER_TIMESTAMP;
  const usage = BUFFER_USAGE.QUERY_RESOLVE | BUFFER_USAGE.COPY_SRC;
  const buffer = device.createBuffer({ label, size: bytes, usage });
  try {
    const record = (encoder: GPUCommandEncoder) => {
      for (const [i, { dispatch, step }] of visits.entries()) {
        const timestampWrites = {
          querySet,
          beginningOfPassWriteIndex: 2 * i,
          endOfPassWriteIndex: 2 * i + 1,
        };
        const segment = { kind: "dispatches", from: dispatch, to: dispatch + 1 } as const;
        program.encode(encoder, [segment], step, { timestampWrites });
      }
      encoder.resolveQuerySet(querySet, 0, count, buffer, 0);
    };
    const [values = new ArrayBuffer(0)] = await host.read(record, { buffer, byteOffset: 0, bytes });
    const stamps = new BigUint64Array(values);
    return visits.map((_, i) => {
      const [begin = 0n, end = 0n] = stamps.subarray(2 * i, 2 * i + 2);
      return Number(end - begin) / NANOSECONDS_PER_MILLISECOND;
    });
  } finally {
    querySet.destroy();
    buffer.destroy();
  }
}
