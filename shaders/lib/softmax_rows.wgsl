// The largest element of a row and the sum of exp(x - largest), for every invocation of that row, which then goes on
// in finish(row, lane, Sums). With THREADS 1 an invocation for each row, ROWS of them a workgroup; otherwise a
// workgroup for each row. A line of workgroups.
// Names of the includer: logits f32[rows, classes], finish. Constants: THREADS, a power of two; ROWS.
// Accumulation: every THREADS-th element by lib/cascade, then a fixed tree, in f32. A row with a NaN, with +Infinity or
// with nothing but -Infinity has NaN for its sum, and so for all that comes of it: exp and max may lose it on the way.

struct Params {
  rows: u32,
  classes: u32,
}

struct Sums {
  largest: f32,
  total: f32,
}

alias Term = f32;

fn combine(a: f32, b: f32) -> f32 {
  return a + b;
}

struct Place {
  start: u32,
  largest: f32,
}

fn term(place: Place, c: u32) -> f32 {
  return exp(logits[place.start + c] - place.largest);
}
#include lib/cascade

// log x for the sum of a row, which is 1 or more, or NaN.
fn log_of_sum(x: f32) -> f32 {
  return select(log(x), x, bitcast<u32>(x) > 0x7f800000u);
}

// NaN, which WGSL has no constant for.
fn nan_of(word: i32) -> f32 {
  return bitcast<f32>(bitcast<u32>(word) | 0x7fc00000u);
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
  let own = cascade(Place(start, largest), lane, params.classes, $(THREADS)u, 0.0);
  // The sum of so many numbers up to 1 is finite; what is not becomes a NaN of positive sign.
  let bits = bitcast<u32>(over_row(own, lane, true)) & 0x7fffffffu;
  let total = bitcast<f32>(select(bits, 0x7fc00000u, bits >= 0x7f800000u));
  finish(row, lane, Sums(largest, total));
}
