// The gradient of cross_entropy: (softmax(logits) - onehot(label)) · g, 0 in rows whose label is no class.
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
  let label = u32(labels[row]);
  var scale = 0.0;
  if (label < params.classes) {
#if UNIFORM
    scale = g[0];
#else
    scale = g[row];
#end
  }
  for (var c = lane; c < params.classes; c += $(THREADS)u) {
    let probability = exp(logits[start + c] - sums.largest) / sums.total;
    out[start + c] = (probability - select(0.0, 1.0, c == label)) * scale;
  }
}
