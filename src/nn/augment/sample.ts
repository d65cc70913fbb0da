import {
  abs,
  add,
  arange,
  cast,
  floor,
  maximum,
  minimum,
  mul,
  reshape,
  sub,
  type Tensor,
  take,
  unsqueeze,
} from "../../functions.ts";

/** What is outside of a picture: one number, or what is at its edge. */
export type Fill = number | "edge";

/**
 * x f32[N, H, W, C] at the places `rows` and `columns` f32[N, OH, OW], counted in pixels from 0: f32[N, OH, OW, C].
 * Between pixels bilinear, (1 − b)(1 − a) x₀₀ + (1 − b) a x₀₁ + b (1 − a) x₁₀ + b a x₁₁ with b and a the fractions of row and
 * column.
 */
export function sampled(x: Tensor, rows: Tensor, columns: Tensor, fill: Fill): Tensor {
  const [n = 0, h = 0, w = 0, c = 0] = x.shape;
  const table = reshape(x, [n * h * w, c]);
  const first = mul(reshape(arange(n), [n, 1, 1]), h * w);
  const [tops, lefts] = [corners(rows, h, fill), corners(columns, w, fill)];
  const shares = tops.flatMap((top) =>
    lefts.map((left) => {
      const ids = add(first, add(mul(top.at, w), left.at));
      const found = take(table, ids);
      const level = typeof fill === "number" && fill !== 0 ? sub(found, fill) : found;
      return mul(level, unsqueeze(mul(top.share, left.share), 3));
    }),
  );
  const y = shares.reduce((sum, share) => add(sum, share));
  return typeof fill === "number" && fill !== 0 ? add(y, fill) : y;
}

interface Corner {
  /** i32, inside of the picture. */
  readonly at: Tensor;
  /** f32, 0 where it is outside. */
  readonly share: Tensor;
}

/** The two pixels that a place lies between along a dimension of n. */
function corners(place: Tensor, n: number, fill: Fill): readonly Corner[] {
  // Further out it is all the same, and numbers stay such that an i32 has.
  const near = minimum(maximum(place, fill === "edge" ? 0 : -1), fill === "edge" ? n - 1 : n);
  const before = floor(near);
  const after = add(before, 1);
  const share = sub(near, before);
  return [[before, sub(1, share)] as const, [after, share] as const].map(([at, own]) => {
    const inside = minimum(maximum(at, 0), n - 1);
    // 1 inside and 0 from one pixel outside on.
    const isIn = fill === "edge" ? undefined : maximum(sub(1, abs(sub(at, inside))), 0);
    return { at: cast(inside, "i32"), share: isIn === undefined ? own : mul(own, isIn) };
  });
}
