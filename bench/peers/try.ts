/** Tries engines on cases in Node: npx tsx bench/peers/try.ts <engine[:threads]> <case prefix …>. Beside the runner, for whoever changes a peer. */
import { allCases } from "../cases/index.ts";
import type { Engine } from "../contract.ts";

const [who = "", ...prefixes] = process.argv.slice(2);
const [name = "", threads] = who.split(":");
const module = (await import(`./${name.split("-")[0]}.ts`)) as {
  createEngine(name: string): Engine;
};
const engine = module.createEngine(name);
console.log(JSON.stringify(await engine.open(threads ? { threads: Number(threads) } : {})));
for (const c of allCases.filter((c) => prefixes.some((p) => c.name.startsWith(p)))) {
  const t0 = performance.now();
  const p = await engine.prepare(c);
  if ("cannot" in p) {
    console.log(c.name, "CANNOT", p.cannot);
    continue;
  }
  try {
    const r = await p.result();
    const first = performance.now() - t0;
    const times: number[] = [];
    for (let i = 0; i < 5; i++) {
      const a = performance.now();
      await p.run();
      times.push(performance.now() - a);
    }
    times.sort((a, b) => a - b);
    console.log(
      c.name,
      r.map((x) => x.toPrecision(7)).join(" "),
      "| median",
      times[2]?.toFixed(2),
      "first",
      first.toFixed(0),
    );
    await p.dispose();
  } catch (e) {
    console.log(c.name, "FAILED", e);
  }
}
process.exit(0);
