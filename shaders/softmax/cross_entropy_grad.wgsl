// The gradient of cross_entropy: (softmax(logits) - onehot(label)) · g; 0 in rows whose label is negative, NaN in those
// where it is no class.
//
// Bindings: logits f32[rows, classes], labels i32[rows], g f32[rows], or f32[1] where
//   UNIFORM, out f32[rows, classes].
// Constants: UNIFORM 1 where one g is for all rows; THREADS, a power of two; ROWS.
// Mapping and accumulation: lib/softmax_rows.

#include lib/softmax_rows

@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read> labels: array<i32>;
@group(0) @binding(2) var<storage, read> g: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

fn finish(row: u32, lane: u32, sums: Sums) {
  let start = row * params.classes;
  let label = labels[row];
#if UNIFORM
  var scale = g[0];
#else
  var scale = g[row];
#end
  if (label >= i32(params.classes)) {
    scale = nan_of(label);
  }
  for (var c = lane; c < params.classes; c += $(THREADS)u) {
    let probability = exp(logits[start + c] - sums.largest) / sums.total;
    let slope = (probability - select(0.0, 1.0, i32(c) == label)) * scale;
    // Not a product with 0: the row may hold a NaN.
    out[start + c] = select(slope, 0.0, label < 0);
  }
}
