// Softmax of every row, or its logarithm. The maximum is subtracted first, so that nothing overflows.
//
// Bindings: logits [rows, classes], out [rows, classes], f32.
// Constants: LOG 1 for the logarithm; THREADS, a power of two; ROWS.
// Mapping and accumulation: lib/softmax_rows.

#include lib/softmax_rows

@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

fn finish(row: u32, lane: u32, sums: Sums) {
  let start = row * params.classes;
#if LOG
  // The difference first: both may be large, and what is left small.
  let log_total = log_of_sum(sums.total);
  for (var c = lane; c < params.classes; c += $(THREADS)u) {
    out[start + c] = (logits[start + c] - sums.largest) - log_total;
  }
#else
  for (var c = lane; c < params.classes; c += $(THREADS)u) {
    out[start + c] = exp(logits[start + c] - sums.largest) / sums.total;
  }
#end
}
