/** A thread that is woken before its time goes on waiting: V8 before Node 22 forgets what for (src/devices/cpu/sleepers.ts). */
import { expect, test } from "vitest";
import { startNode } from "../examples/run-node.ts";

async function losses(threads: number): Promise<number[]> {
  const program = startNode("test/support/woken.ts", [String(threads)], process.cwd());
  const { code, stdout, stderr } = await program.ended;
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

test("threads that are woken for no reason end at the bits of one that waits for nobody", {
  timeout: 120_000,
}, async () => {
  const alone = await losses(1);
  expect(alone).toHaveLength(40);
  expect(await losses(2)).toEqual(alone);
});
