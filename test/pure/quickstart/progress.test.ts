import { describe, expect, test } from "vitest";
import { duration, Progress } from "../../../examples/shared/progress.ts";

function fake(isTTY: boolean, total: number, columns = 120) {
  let nowMs = 0;
  const written: string[] = [];
  const terminal = { isTTY, columns, write: (text: string) => written.push(text) };
  const progress = new Progress({ label: "digits", total, terminal, now: () => nowMs });
  return { written, progress, wait: (ms: number) => (nowMs += ms) };
}

describe("Progress", () => {
  test("anywhere but on a terminal ten lines tell of a long run", () => {
    const { written, progress, wait } = fake(false, 1000);
    for (let step = 1; step <= 1000; step++) {
      wait(10);
      progress.update(step, 1 / step);
    }
    progress.finish();
    expect(written).toHaveLength(10);
    expect(written[4]).toBe("digits  step 500/1000, loss 0.0020, 100 steps/s, 5.0 s left\n");
    expect(written.join("")).not.toContain("\u001b");
  });

  test("on a terminal one line redraws itself, no faster than an eye can follow", () => {
    const { written, progress, wait } = fake(true, 1000);
    for (let step = 1; step <= 1000; step++) {
      wait(1);
      progress.update(step, 0.5, "accuracy 97.1 %");
    }
    progress.finish();
    expect(written.length).toBeLessThan(16);
    expect(written.every((text) => text.startsWith("\r\u001b[2K"))).toBe(true);
    expect(written[5]).toContain("█".repeat(5));
    expect(written[5]).toContain("accuracy 97.1 %");
    expect(written.at(-1)).toMatch(/1000\/1000.*\n$/);
  });

  test("the bar never wraps", () => {
    const { written, progress, wait } = fake(true, 10, 40);
    wait(100);
    progress.update(1, 0.25);
    expect([...(written[0] ?? "").replace("\r\u001b[2K", "")]).toHaveLength(39);
  });

  test("80 columns have room for the bar, the rate, the loss and the time left", () => {
    const { written, progress, wait } = fake(true, 2811, 80);
    wait(17);
    progress.update(1, 2.25, "batch 17 %, epoch 1");
    const [line = ""] = written;
    expect(line).toMatch(/░{10} digits {2}step 1\/2811, loss 2\.2500, 59 steps\/s, 48 s left/);
    expect([...line.replace("\r\u001b[2K", "")].length).toBeLessThan(80);
  });

  test("the time left follows a change of speed", () => {
    const { written, progress, wait } = fake(false, 200);
    for (let step = 1; step <= 200; step++) {
      wait(step <= 100 ? 1000 : 100);
      progress.update(step, 0);
    }
    expect(written[4]).toContain("1.0 steps/s, 1 min 40 s left");
    expect(written[9]).toContain("10 steps/s, 0.0 s left");
  });

  test("durations are short and plain", () => {
    expect([400, 9960, 59_400, 65_000, 3_600_000].map(duration)).toEqual([
      "0.4 s",
      "10 s",
      "59 s",
      "1 min 5 s",
      "60 min 0 s",
    ]);
  });
});
