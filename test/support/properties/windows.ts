/** Convolutions, pooling and resizing: by the sums over their windows. */
import fc from "fast-check";
import * as g from "../../../src/functions.ts";
import { indices, type Plain, plain, total } from "./plain.ts";
import { pick, upTo, type Verb, verb } from "./verb.ts";

/** How windows lie along one dimension of n cells. */
interface Line {
  readonly n: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly before: number;
  readonly after: number;
}

const reach = ({ kernel, dilation }: Pick<Line, "kernel" | "dilation">) =>
  (kernel - 1) * dilation + 1;

/** Windows that fit, `extra` cells more than one needs; for pooling at most half of one lies outside, alike at both ends. */
const line = (isPool = false): fc.Arbitrary<Line> =>
  fc
    .record({ kernel: upTo(3), stride: upTo(3), dilation: upTo(3), extra: fc.nat(4) })
    .chain(({ kernel, stride, dilation, extra }) => {
      const most = isPool ? Math.floor(kernel / 2) : 2;
      return fc.tuple(fc.nat(most), fc.nat(most)).map(([before, other]) => {
        const after = isPool ? before : other;
        // Where cells of a window lie further apart than the image is long it may see nothing of it.
        const least = isPool ? dilation : 1;
        const n = Math.max(least, reach({ kernel, dilation }) - before - after) + extra;
        return { n, kernel, stride, dilation, before, after };
      });
    });

/** What a transposed convolution takes: something is left of the result when its padding is taken off. */
const transposedLine = line().map((of) => ({ ...of, n: of.n + of.before + of.after }));

const outOf = (of: Line) => Math.floor((of.n + of.before + of.after - reach(of)) / of.stride) + 1;
/** As many as PyTorch makes: the last window begins in the image or in front of it. */
const ceilOf = (of: Line) => {
  const count = Math.ceil((of.n + of.before + of.after - reach(of)) / of.stride) + 1;
  return (count - 1) * of.stride >= of.n + of.before ? count - 1 : count;
};
/** Where cell c of window o lies. */
const cell = ({ stride, dilation, before }: Line, o: number, c: number) =>
  o * stride + c * dilation - before;

const optionsOf = (lines: readonly Line[]) => {
  const pair = (value: (of: Line) => number) => lines.map(value) as [number, number];
  return {
    stride: pair(({ stride }) => stride),
    dilation: pair(({ dilation }) => dilation),
    padding: lines.map(({ before, after }) => [before, after]) as [
      [number, number],
      [number, number],
    ],
  };
};

const channels = fc.record({ groups: upTo(2), from: upTo(2), to: upTo(2) });

/** y[b, o…, f] = Σ x[b, cells of o…, channels of f's group] · w[c…, channel, f], over any number of dimensions. */
function convolved(
  x: Plain,
  w: Plain,
  lines: readonly Line[],
  outs: readonly number[],
  groups: number,
): Plain {
  const [from = 1, to = 1] = w.shape.slice(-2);
  return plain([x.shape[0] ?? 0, ...outs, to], (...index) => {
    const [b = 0, f = 0] = [index[0], index.at(-1)];
    const first = Math.floor(f / (to / groups)) * from;
    return total(w.shape.slice(0, -1), (...at) => {
      const channel = at.at(-1) ?? 0;
      const cells = lines.map((of, d) => cell(of, index[d + 1] ?? 0, at[d] ?? 0));
      return x.at(b, ...cells, first + channel) * w.at(...at, f);
    });
  });
}

/** What each window of an image sees of it, [undefined where a cell lies outside]. */
function pooled(
  x: Plain,
  [rows, columns]: readonly [Line, Line],
  [high, wide]: readonly [number, number],
  fold: (inside: readonly number[], padded: number) => number,
): Plain {
  const within = ({ n, before, after }: Line, i: number) => i >= -before && i < n + after;
  const inside = ({ n }: Line, i: number) => i >= 0 && i < n;
  return plain([x.shape[0] ?? 0, high, wide, x.shape[3] ?? 0], (b = 0, i = 0, j = 0, c = 0) => {
    const cells = [...indices([rows.kernel, columns.kernel])]
      .map(([p = 0, q = 0]) => [cell(rows, i, p), cell(columns, j, q)] as const)
      .filter(([r, s]) => within(rows, r) && within(columns, s));
    const seen = cells.filter(([r, s]) => inside(rows, r) && inside(columns, s));
    return fold(
      seen.map(([r, s]) => x.at(b, r, s, c)),
      cells.length,
    );
  });
}

const sum = (row: readonly number[]) => row.reduce((a, b) => a + b, 0);

export const windows: Readonly<Record<string, Verb>> = {
  conv2d: verb(
    "conv2d",
    fc.record({ batch: upTo(2), rows: line(), columns: line(), of: channels }),
    ({ batch, rows, columns, of: { groups, from, to } }) => ({
      shapes: [
        [batch, rows.n, columns.n, from * groups],
        [rows.kernel, columns.kernel, from, to * groups],
      ],
      call: (x, w) => g.conv2d(x, w as g.Tensor, { ...optionsOf([rows, columns]), groups }),
      means: (x, w) =>
        convolved(x, w as Plain, [rows, columns], [outOf(rows), outOf(columns)], groups),
    }),
  ),
  "conv2d, same": verb(
    "conv2d, same",
    fc.record({ n: upTo(7), kernel: upTo(3), stride: upTo(3), dilation: upTo(3) }),
    ({ n, kernel, stride, dilation }) => {
      const out = Math.ceil(n / stride);
      const outside = Math.max(0, (out - 1) * stride + reach({ kernel, dilation }) - n);
      const before = Math.floor(outside / 2);
      const of = { n, kernel, stride, dilation, before, after: outside - before };
      return {
        shapes: [
          [1, n, n, 1],
          [kernel, kernel, 1, 1],
        ],
        call: (x, w) => g.conv2d(x, w as g.Tensor, { stride, dilation, padding: "same" }),
        means: (x, w) => convolved(x, w as Plain, [of, of], [out, out], 1),
      };
    },
  ),
  conv1d: verb(
    "conv1d",
    fc.record({ batch: upTo(2), along: line(), of: channels }),
    ({ batch, along, of: { groups, from, to } }) => {
      const { n, kernel, stride, dilation, before, after } = along;
      return {
        shapes: [
          [batch, n, from * groups],
          [kernel, from, to * groups],
        ],
        call: (x, w) =>
          g.conv1d(x, w as g.Tensor, { stride, dilation, padding: [before, after], groups }),
        means: (x, w) => convolved(x, w as Plain, [along], [outOf(along)], groups),
      };
    },
  ),
  conv3d: verb(
    "conv3d",
    fc.record({ deep: line(), rows: line(), columns: line(), of: channels }),
    ({ deep, rows, columns, of: { groups, from, to } }) => {
      const lines = [deep, rows, columns].map((of) => ({
        ...of,
        n: of.n + of.after,
        after: of.before,
      }));
      const three = (value: (of: Line) => number) => lines.map(value) as [number, number, number];
      return {
        shapes: [
          [1, ...lines.map(({ n }) => n), from * groups],
          [...lines.map(({ kernel }) => kernel), from, to * groups],
        ],
        call: (x, w) =>
          g.conv3d(x, w as g.Tensor, {
            stride: three(({ stride }) => stride),
            dilation: three(({ dilation }) => dilation),
            padding: three(({ before }) => before),
            groups,
          }),
        means: (x, w) => convolved(x, w as Plain, lines, lines.map(outOf), groups),
      };
    },
  ),
  conv2dTranspose: verb(
    "conv2dTranspose",
    fc.record({
      rows: transposedLine,
      columns: transposedLine,
      of: channels,
      outputPadding: fc.tuple(fc.nat(2), fc.nat(2)),
    }),
    ({ rows, columns, of: { groups, from, to }, outputPadding }) => {
      const extra = [rows, columns].map(({ stride }, d) =>
        Math.min(outputPadding[d] ?? 0, stride - 1),
      ) as [number, number];
      // The image that a convolution would have made [rows.n, columns.n] of.
      const [high = 0, wide = 0] = [rows, columns].map(
        (of, d) => (of.n - 1) * of.stride - of.before - of.after + reach(of) + (extra[d] ?? 0),
      );
      return {
        shapes: [
          [1, rows.n, columns.n, from * groups],
          [rows.kernel, columns.kernel, to, from * groups],
        ],
        call: (x, w) =>
          g.conv2dTranspose(x, w as g.Tensor, {
            ...optionsOf([rows, columns]),
            groups,
            outputPadding: extra,
          }),
        means(x, w) {
          const out = plain([1, Math.max(0, high), Math.max(0, wide), to * groups], () => 0);
          for (const [, i = 0, j = 0, c = 0] of indices(x.shape)) {
            const group = Math.floor(c / from);
            for (const [p = 0, q = 0, f = 0] of indices([rows.kernel, columns.kernel, to])) {
              const [r, s] = [cell(rows, i, p), cell(columns, j, q)];
              if (r < 0 || r >= high || s < 0 || s >= wide) continue;
              const place = (r * wide + s) * to * groups + group * to + f;
              out.data[place] =
                (out.data[place] ?? 0) + x.at(0, i, j, c) * (w as Plain).at(p, q, f, c);
            }
          }
          return out;
        },
      };
    },
  ),
  pool2d: verb(
    "maxPool2d or avgPool2d",
    fc.record({
      rows: line(true),
      columns: line(true),
      isMean: fc.boolean(),
      ceilMode: fc.boolean(),
      countIncludePad: fc.boolean(),
    }),
    ({ rows, columns, isMean, ceilMode, countIncludePad }) => {
      const count = ceilMode ? ceilOf : outOf;
      const options = { ...optionsOf([rows, columns]), ceilMode };
      const window = [rows.kernel, columns.kernel] as const;
      return {
        shapes: [[1, rows.n, columns.n, 2]],
        call: (x) =>
          isMean
            ? g.avgPool2d(x, window, { ...options, countIncludePad })
            : g.maxPool2d(x, window, options),
        means: (x) =>
          pooled(x, [rows, columns], [count(rows), count(columns)], (inside, padded) =>
            isMean ? sum(inside) / (countIncludePad ? padded : inside.length) : Math.max(...inside),
          ),
      };
    },
  ),
  adaptiveAvgPool2d: verb(
    "adaptiveAvgPool2d",
    fc.record({ h: upTo(7), w: upTo(7), rows: upTo(5), columns: upTo(5) }),
    ({ h, w, rows, columns }) => ({
      shapes: [[1, h, w, 2]],
      call: (x) => g.adaptiveAvgPool2d(x, [rows, columns]),
      means: (x) =>
        plain([1, rows, columns, 2], (b = 0, i = 0, j = 0, c = 0) => {
          const bin = (o: number, n: number, size: number) =>
            [Math.floor((o * n) / size), Math.ceil(((o + 1) * n) / size)] as const;
          const [[top, bottom], [left, right]] = [bin(i, h, rows), bin(j, w, columns)];
          const all = total([bottom - top, right - left], (p = 0, q = 0) =>
            x.at(b, top + p, left + q, c),
          );
          return all / ((bottom - top) * (right - left));
        }),
    }),
  ),
  resize: verb(
    "resize",
    fc.record({
      h: upTo(5),
      w: upTo(5),
      size: fc.tuple(upTo(7), upTo(7)),
      mode: pick("nearest", "bilinear"),
      coordinates: pick("asymmetric", "halfPixel", "alignCorners"),
    }),
    ({ h, w, size, mode, coordinates }) => ({
      shapes: [[1, h, w, 1]],
      call: (x) => g.resize(x, size, { mode, coordinates }),
      means(x) {
        /** Which cells, and how much of each. */
        const parts = (o: number, n: number, out: number): (readonly [number, number])[] => {
          const at =
            coordinates === "alignCorners"
              ? out === 1
                ? 0
                : (o * (n - 1)) / (out - 1)
              : coordinates === "asymmetric"
                ? (o * n) / out
                : ((o + 0.5) * n) / out - 0.5;
          const inside = Math.min(n - 1, Math.max(0, at));
          const low = Math.floor(inside);
          if (mode === "bilinear")
            // Weights are f32.
            return [
              [low, Math.fround(1 - inside + low)],
              [Math.min(n - 1, low + 1), Math.fround(inside - low)],
            ];
          const up = coordinates === "asymmetric" ? 0 : 0.5;
          return [[Math.min(n - 1, Math.floor(at + up)), 1]];
        };
        return plain([1, ...size, 1], (_, i = 0, j = 0) =>
          sum(
            parts(i, h, size[0]).flatMap(([r, a]) =>
              parts(j, w, size[1]).map(([s, b]) => a * b * x.at(0, r, s, 0)),
            ),
          ),
        );
      },
    }),
  ),
};
