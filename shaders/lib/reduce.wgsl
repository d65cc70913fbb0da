// The head of the reductions along any dimensions: parameters, bindings, and where elements lie.
// Constants: TYPE; COMBINE, an expression of a and b; KEPT and REDUCED, how many dimensions of each kind.

struct Params {
  outputs: u32,
  parts: u32,
  count: u32,
  chunk: u32,
  neutral: $(TYPE),
  scale: f32,
#for d in 0..KEPT
  kept_size_$(d): u32,
  kept_stride_$(d): u32,
#end
#for d in 0..REDUCED
  reduced_size_$(d): u32,
  reduced_stride_$(d): u32,
#end
}

@group(0) @binding(0) var<storage, read> x: array<$(TYPE)>;
@group(0) @binding(1) var<storage, read_write> out: array<$(TYPE)>;
@group(0) @binding(2) var<uniform> params: Params;

alias Term = $(TYPE);

fn combine(a: Term, b: Term) -> Term {
  return $(COMBINE);
}

// Where output o starts in x.
fn start_of(o: u32) -> u32 {
  var rest = o;
  var at = 0u;
#for r in 1..KEPT + 1
  at += (rest % params.kept_size_$(KEPT - r)) * params.kept_stride_$(KEPT - r);
  rest = rest / params.kept_size_$(KEPT - r);
#end
  return at;
}

// How far element k of an output is from its start. Where there is one reduced dimension, its stride is `step`,
// which the caller loads once: a load of a parameter costs as much as one of x on a software adapter.
fn distance_of(k: u32, step: u32) -> u32 {
#if REDUCED == 1
  return k * step;
#else
  var rest = k;
  var at = 0u;
#for r in 1..REDUCED + 1
  at += (rest % params.reduced_size_$(REDUCED - r)) * params.reduced_stride_$(REDUCED - r);
  rest = rest / params.reduced_size_$(REDUCED - r);
#end
  return at;
#end
}

struct Place {
  start: u32,
  step: u32,
}

fn term(place: Place, k: u32) -> Term {
  return x[place.start + distance_of(k, place.step)];
}
#include lib/cascade
