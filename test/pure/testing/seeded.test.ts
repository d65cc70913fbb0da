import { describe, expect, it } from "vitest";
import { seeded } from "../../../src/testing/index.ts";

describe("seeded", () => {
  it("draws the same cases at every run, and others for another seed", () => {
    const draw = (seed: number) =>
      seeded(3, { seed }).map((one) => [...one.floats(2), one.integer(0, 99)]);
    expect(draw(0)).toEqual(draw(0));
    expect(draw(1)).not.toEqual(draw(0));
    expect(draw(0)).toMatchInlineSnapshot(`
      [
        [
          -0.017575621604919434,
          0.29212188720703125,
          22,
        ],
        [
          -0.7173960208892822,
          0.23964738845825195,
          69,
        ],
        [
          -0.6170270442962646,
          0.7827569246292114,
          29,
        ],
      ]
    `);
  });

  it("draws one case alone as it was among the others", () => {
    const [, , third] = seeded(3);
    const [alone] = seeded(3, { only: 2 });
    expect(String(alone)).toBe("case 2 of seed 0");
    expect(alone?.floats(5)).toEqual(third?.floats(5));
    expect(seeded(3, { only: 2 }).length).toBe(1);
  });

  it("stays within bounds, and reaches them", () => {
    const numbers = seeded(400).map((one) => one.integer(-2, 2));
    expect(new Set(numbers)).toEqual(new Set([-2, -1, 0, 1, 2]));
    for (const one of seeded(50)) {
      for (const size of one.shape(4, 2, 3)) expect([2, 3]).toContain(size);
      for (const x of one.floats(20, 5, 6)) expect(x >= 5 && x < 6).toBe(true);
      expect(["a", "b"]).toContain(one.pick(["a", "b"]));
    }
    expect(() => seeded(1)[0]?.pick([])).toThrow(/an empty list/);
    expect(() => seeded(0)).toThrow(/cases/);
  });
});
