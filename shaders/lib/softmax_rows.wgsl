// The largest element of a row and the sum of exp(x - largest), for every invocation of that row, which then goes on
// in finish(row, lane, Sums). With THREADS 1 an invocation for each row, ROWS of them a workgroup; otherwise a
// workgroup for each row. A line of workgroups.
// Names of the includer: logits f32[rows, classes], finish. Constants: THREADS, a power of two; ROWS.
// Accumulation: every THREADS-th element one after the other, then a fixed tree, in f32.

struct Params {
  rows: u32,
  classes: u32,
}

struct Sums {
  largest: f32,
  total: f32,
}

#if THREADS > 1
var<workgroup> shared_values: array<f32, $(THREADS)>;

// The largest, or the sum, of one value of every invocation, for all of them.
fn over_row(value: f32, lane: u32, is_sum: bool) -> f32 {
  // What was read before must not change.
  workgroupBarrier();
  shared_values[lane] = value;
  for (var distance = $(THREADS / 2)u; distance > 0u; distance /= 2u) {
    // The values of the round before must be there.
    workgroupBarrier();
    if (lane < distance) {
      let a = shared_values[lane];
      let b = shared_values[lane + distance];
      shared_values[lane] = select(max(a, b), a + b, is_sum);
    }
  }
  // The result must be there.
  workgroupBarrier();
  return shared_values[0];
}
#else
fn over_row(value: f32, lane: u32, is_sum: bool) -> f32 {
  return value;
}
#end

#if THREADS > 1
@compute @workgroup_size($(THREADS))
#else
@compute @workgroup_size($(ROWS))
#end
fn main(
  @builtin(workgroup_id) id: vec3<u32>,
  @builtin(num_workgroups) workgroups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let group = id.x + id.y * workgroups.x;
#if THREADS > 1
  let row = group;
  let lane = local;
#else
  let row = group * $(ROWS)u + local;
  let lane = 0u;
#end
  if (row >= params.rows) {
    return;
  }
  let start = row * params.classes;
  var largest = logits[start];
  for (var c = lane; c < params.classes; c += $(THREADS)u) {
    largest = max(largest, logits[start + c]);
  }
  largest = over_row(largest, lane, false);
  var total = 0.0;
  for (var c = lane; c < params.classes; c += $(THREADS)u) {
    total += exp(logits[start + c] - largest);
  }
  total = over_row(total, lane, true);
  finish(row, lane, Sums(largest, total));
}
