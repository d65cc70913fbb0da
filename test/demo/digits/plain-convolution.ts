/** Convolution and pooling as loops, to compare with. */
import type { Filters, Maps } from "../../../demo/panels/digits/pictures.ts";

export type Volume = Maps;

/** With the same rows and columns, and a ReLU behind it. */
export function convolved(image: Volume, { count, inputs, size, weights, bias }: Filters): Volume {
  const { rows, columns } = image;
  const values = new Float32Array(count * rows * columns);
  const middle = (size - 1) / 2;
  for (let filter = 0; filter < count; filter++)
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++) {
        let total = bias[filter] ?? Number.NaN;
        for (let input = 0; input < inputs; input++)
          for (let i = 0; i < size; i++)
            for (let j = 0; j < size; j++) {
              const [y, x] = [row + i - middle, column + j - middle];
              if (y < 0 || x < 0 || y >= rows || x >= columns) continue;
              const weight = weights[((filter * inputs + input) * size + i) * size + j];
              const pixel = image.values[(input * rows + y) * columns + x];
              total += (weight ?? Number.NaN) * (pixel ?? Number.NaN);
            }
        values[(filter * rows + row) * columns + column] = Math.max(0, total);
      }
  return { count, rows, columns, values };
}

/** The largest of 2 × 2. */
export function pooled({ count, rows, columns, values }: Volume): Volume {
  const small = new Float32Array((count * rows * columns) / 4);
  for (let map = 0; map < count; map++)
    for (let row = 0; row < rows / 2; row++)
      for (let column = 0; column < columns / 2; column++) {
        const at = (map * rows + 2 * row) * columns + 2 * column;
        const four = [at, at + 1, at + columns, at + columns + 1].map((i) => values[i] ?? 0);
        small[(map * (rows / 2) + row) * (columns / 2) + column] = Math.max(...four);
      }
  return { count, rows: rows / 2, columns: columns / 2, values: small };
}
