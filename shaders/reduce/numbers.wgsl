// Reduces whole tensors of one size to numbers, with the elementwise ops that make the terms and those on the numbers.
//
// Bindings: where FINISH, results y0 … [1], of which those below INPLACE are numbers as well and are updated in place,
//   then the other numbers; else the totals of every part, y0 [REDUCTIONS, parts]. Then the inputs of the terms, those
//   below FLAT read element by element, the others with strides; where PARTIAL, one input with the totals of parts
//   [REDUCTIONS, count]. All as 32-bit words.
// Constants: REDUCTIONS, INPUTS, FLAT, NUMBERS, INPLACE, OUTPUTS, LITERALS (counts, see above); RANK of the strided
//   inputs, 0 where all are flat or scalar; PARTIAL, FINISH; THREADS, a power of two. As text: TOTALS, the fields t0 … of
//   what is reduced; NEUTRAL, their values that change nothing; COMBINE, statements that return a and b combined; TERMS,
//   statements over the words v0 … of the inputs that return Totals; FINISHED, statements over the words of the totals
//   and then of the numbers that return Results.
// Mapping: a workgroup for each part of the elements.
// Accumulation: every THREADS-th element of a part by lib/cascade, then a fixed tree, in f32; a second call combines
//   parts in the same way.

struct Params {
  count: u32,
  // Elements of a part, and how many parts.
  chunk: u32,
  parts: u32,
#for d in 0..RANK
  size_$(d): u32,
#end
#for i in FLAT..INPUTS
#for d in 0..RANK
  stride_$(i)_$(d): u32,
#end
#end
#for k in 0..REDUCTIONS
  neutral_$(k): u32,
#end
#for l in 0..LITERALS
  literal_$(l): u32,
#end
}

#for o in 0..OUTPUTS
@group(0) @binding($(o)) var<storage, read_write> y$(o): array<u32>;
#end
#for n in INPLACE..NUMBERS
@group(0) @binding($(OUTPUTS - INPLACE + n)) var<storage, read> number$(n): array<u32>;
#end
#if PARTIAL
@group(0) @binding($(OUTPUTS - INPLACE + NUMBERS)) var<storage, read> partial: array<u32>;
@group(0) @binding($(OUTPUTS - INPLACE + NUMBERS + 1)) var<uniform> params: Params;
#else
#for i in 0..INPUTS
@group(0) @binding($(OUTPUTS - INPLACE + NUMBERS + i)) var<storage, read> x$(i): array<u32>;
#end
@group(0) @binding($(OUTPUTS - INPLACE + NUMBERS + INPUTS)) var<uniform> params: Params;
#end

struct Totals {
$(TOTALS)
}

alias Term = Totals;
fn combine(a: Totals, b: Totals) -> Totals {
$(COMBINE)
}
#include lib/workgroup_tree

fn terms(
#for i in 0..INPUTS
  v$(i): u32,
#end
) -> Totals {
$(TERMS)
}

alias Place = u32;
fn term(unused: Place, i: u32) -> Totals {
#if RANK
  var rest = i;
#for r in 1..RANK
  let at_$(RANK - r) = rest % params.size_$(RANK - r);
  rest = rest / params.size_$(RANK - r);
#end
  let at_0 = rest;
#end
  return terms(
#for k in 0..INPUTS
#if PARTIAL
    partial[$(k)u * params.count + i],
#else
#if k < FLAT
    x$(k)[i],
#else
    x$(k)[
      0u
#for d in 0..RANK
      + at_$(d) * params.stride_$(k)_$(d)
#end
    ],
#end
#end
#end
  );
}

#include lib/cascade

#if FINISH
struct Results {
#for o in 0..OUTPUTS
  y$(o): u32,
#end
}

fn finished(
#for k in 0..REDUCTIONS + NUMBERS
  v$(k): u32,
#end
) -> Results {
$(FINISHED)
}
#end

@compute @workgroup_size($(THREADS))
fn main(
  @builtin(workgroup_id) id: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let first = id.x * params.chunk;
  let end = min(first + params.chunk, params.count);
  let own = cascade(0u, first + lane, end, $(THREADS)u, Totals($(NEUTRAL)));
  let all = over_workgroup(own, lane);
  if (lane != 0u) {
    return;
  }
#if FINISH
  let result = finished(
#for k in 0..REDUCTIONS
    bitcast<u32>(all.t$(k)),
#end
#for n in 0..NUMBERS
#if n < INPLACE
    y$(n)[0],
#else
    number$(n)[0],
#end
#end
  );
#for o in 0..OUTPUTS
  y$(o)[0] = result.y$(o);
#end
#else
#for k in 0..REDUCTIONS
  y0[$(k)u * params.parts + id.x] = bitcast<u32>(all.t$(k));
#end
#end
}
