/** Generated kernels on SwiftShader, as hardware and as a software adapter run them, against the reference's. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { runGroup } from "../../../src/devices/reference/group.ts";
import { lowerGroup } from "../../../src/devices/webgpu/lowering/group/index.ts";
import { DEFAULT_LIMITS } from "../../../src/devices/webgpu/target.ts";
import type { Region } from "../../../src/scheduler/lowering.ts";
import { openBench } from "../../support/check-kernel.ts";
import { type GroupWish, type RandomGroup, randomGroup } from "../../support/random-group.ts";
import type { Bench } from "../../support/run-calls.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench.device.destroy());

/** What a region holds where nothing is written, see Bench. */
const UNTOUCHED = 1e9;

async function check(group: RandomGroup, isSoftware: boolean): Promise<void> {
  const { program } = group;
  bench.clear();
  const ins = group.ins.map(({ dtype, data }) => bench.region([data.length], data, dtype));
  const outs = group.outs.map((out): Region => {
    if ("inPlace" in out) return ins[out.inPlace] as Region;
    return bench.region([out.length], undefined, out.dtype);
  });
  const datas = group.ins.map(({ data }) => data.slice());
  const wanted = group.outs.map((out) =>
    "inPlace" in out
      ? (datas[out.inPlace] as Float64Array)
      : new Float64Array(out.length).fill(UNTOUCHED),
  );
  runGroup(program, datas, wanted);
  const target = { isSoftware, limits: DEFAULT_LIMITS };
  await bench.run(lowerGroup(target, { program, ins, outs, scratch: bench.scratch }));
  for (const [o, out] of outs.entries()) {
    const got = await bench.read(out);
    const exact = wanted[o] as Float64Array;
    const isFloat = out.type.dtype === "f32";
    let worst = 0;
    got.forEach((value, i) => {
      const want = exact[i] ?? 0;
      const error = Math.abs(value - want) / (1 + Math.abs(want));
      worst = Math.max(worst, Number.isNaN(error) ? Infinity : error);
    });
    expect(worst, `output ${o} of ${JSON.stringify(program)}`).toBeLessThan(isFloat ? 1e-4 : 1e-9);
  }
}

type Space = Pick<GroupWish, "kept" | "columns">;

/** What each layout of rows over invocations is chosen for, see row-layout. */
const spaces: Readonly<Record<string, Space>> = {
  "a few short rows": { kept: [3], columns: [5] },
  "rows of whole vectors": { kept: [33], columns: [64] },
  "many rows of one vector": { kept: [70], columns: [4] },
  "rows in two dimensions, cut in two": { kept: [2, 5], columns: [3, 8] },
  "one long row": { kept: [], columns: [1300] },
  "one row for many workgroups": { kept: [], columns: [17000] },
  "a few rows for many workgroups": { kept: [3], columns: [6000] },
  "rows of one element": { kept: [9], columns: [] },
};
const cases = Object.entries(spaces).flatMap(([name, space], i) =>
  [0, 1, 1, 2, 3].map((stages, k) => ({ name, space, stages, seed: 100 * i + k })),
);

test.each(cases)("$name, $stages stages at most, seed $seed", async ({ space, stages, seed }) => {
  const group = randomGroup(seed, {
    ...space,
    stages,
    operands: DEFAULT_LIMITS.maxStorageBuffersPerShaderStage,
  });
  await check(group, false);
});

test.each(cases.filter(({ seed }) => seed % 5 === 1))(
  "$name on a software adapter, seed $seed",
  async ({ space, stages, seed }) => {
    await check(randomGroup(seed + 7, { ...space, stages: stages + 1, operands: 6 }), true);
  },
);
