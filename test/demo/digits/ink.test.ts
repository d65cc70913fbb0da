import { describe, expect, test } from "vitest";
import { inkOf } from "../../../demo/panels/digits/ink.ts";
import { PIXELS, SIDE } from "../../../demo/panels/digits/pictures.ts";
import { receptiveFields, regionOf, winnerOf } from "../../../demo/panels/digits/receptive.ts";
import { shiftedAside, shiftedInk } from "../../../demo/panels/digits/shift.ts";
import { drawn } from "./drawn.ts";

/** Rows and columns that have ink, and the centre of mass. */
function measured(ink: Uint8Array) {
  let [mass, x, y] = [0, 0, 0];
  const [rows, columns] = [new Set<number>(), new Set<number>()];
  ink.forEach((byte, i) => {
    mass += byte;
    x += byte * ((i % SIDE) + 0.5);
    y += byte * (Math.floor(i / SIDE) + 0.5);
    if (byte < 64) return;
    rows.add(Math.floor(i / SIDE));
    columns.add(i % SIDE);
  });
  return { rows: rows.size, columns: columns.size, x: x / mass, y: y / mass };
}

describe("a drawn digit", () => {
  test.each(Object.keys(drawn).map(Number))(
    "%i is boxed to 20 pixels and centred by mass",
    (digit) => {
      const { rows, columns, x, y } = measured(inkOf(drawn[digit] ?? []));
      expect(Math.max(rows, columns)).toBeGreaterThanOrEqual(19);
      expect(Math.max(rows, columns)).toBeLessThanOrEqual(21);
      // What leaves the picture moves the centre a little.
      expect(Math.abs(x - SIDE / 2)).toBeLessThan(0.3);
      expect(Math.abs(y - SIDE / 2)).toBeLessThan(0.3);
    },
  );

  test("is the same wherever and however large it is drawn", () => {
    const strokes = drawn[2] ?? [];
    const small = strokes.map((stroke) => stroke.map(({ x, y }) => ({ x: 9 + x / 3, y: y / 3 })));
    const [a, b] = [inkOf(strokes), inkOf(small)];
    a.forEach((byte, i) => {
      expect(Math.abs(byte - (b[i] ?? 0))).toBeLessThanOrEqual(1);
    });
  });

  test("is nothing where nothing is drawn, and a dot where somebody taps", () => {
    expect(inkOf([]).every((byte) => byte === 0)).toBe(true);
    const { rows, columns, x } = measured(inkOf([[{ x: 20, y: 20 }]]));
    expect([rows, columns]).toEqual([2, 2]);
    expect(x).toBeCloseTo(SIDE / 2);
  });
});

test("a shifted picture is moved, and loses what goes out", () => {
  const ink = Uint8Array.from({ length: PIXELS }, (_, i) => i % 251);
  const moved = shiftedInk(ink, 3, -2);
  for (let row = 0; row < SIDE; row++)
    for (let column = 0; column < SIDE; column++) {
      const isInside = row + 2 < SIDE && column >= 3;
      const expected = isInside ? ink[(row + 2) * SIDE + column - 3] : 0;
      expect(moved[row * SIDE + column]).toBe(expected);
    }
  expect([...shiftedAside(ink, 2, 5)]).toEqual([...shiftedInk(ink, 0, 2)]);
  expect([...shiftedInk(ink, 40, 0)]).toEqual([...new Uint8Array(PIXELS)]);
});

test("a place's receptive field grows by a filter and doubles by a pool", () => {
  const fields = receptiveFields("pool2", regionOf(3, 0), 5);
  expect(fields.conv2).toEqual({ top: 6, left: 0, bottom: 8, right: 2 });
  expect(fields.pool1).toEqual({ top: 4, left: -2, bottom: 10, right: 4 });
  expect(fields.conv1).toEqual({ top: 8, left: -4, bottom: 20, right: 8 });
  expect(fields.input).toEqual({ top: 6, left: -6, bottom: 22, right: 10 });
});

test("a pool's winner is the largest of its four", () => {
  const values = Float32Array.of(0, 0, 0, 0, 0, 1, 5, 2, 3, 0, 0, 0, 0, 0, 0, 9);
  const maps = { count: 1, rows: 4, columns: 4, values };
  expect(winnerOf(maps, 0, 0, 1)).toEqual({ row: 1, column: 2 });
  expect(winnerOf(maps, 0, 1, 1)).toEqual({ row: 3, column: 3 });
  expect(winnerOf(maps, 0, 1, 0)).toEqual({ row: 2, column: 0 });
});
