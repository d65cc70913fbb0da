// Applies a fused elementwise program to every element of its inputs; also copies, transposes, broadcasts, slices.
//
// Bindings: outputs y0 … [count], each contiguous; those below INPLACE are inputs as well and are updated in place.
//   Then the other inputs: below FLAT contiguous like the outputs, below SPLAT read WIDTH elements at a time with
//   strides, the others read one element at a time with strides (a scalar has strides 0). All as 32-bit words.
// Constants: OUTPUTS, INPUTS, INPLACE, FLAT, SPLAT (counts, see above); WIDTH 1 or 4 elements an invocation and VALUE
//   the type of that many words; RANK of the strided inputs, 0 where all are flat or scalar; LITERALS; THREADS;
//   FIRST 1 where outputs and contiguous inputs are used from element params.first on, at a WIDTH of 1;
//   BODY, statements over v0 … (the inputs' words) that return Results.
// Mapping: invocation i computes elements WIDTH · i … of every output; a line of workgroups.
// Each element is computed alone: the error is that of the scalar functions (src/ops/scalars-unary.ts).

struct Params {
  // In units of WIDTH elements, like the last size.
  count: u32,
#if FIRST
  first: u32,
#end
#for d in 0..RANK
  size_$(d): u32,
#end
#for i in FLAT..INPUTS
  base_$(i): u32,
#for d in 0..RANK
  stride_$(i)_$(d): u32,
#end
#end
#for l in 0..LITERALS
  literal_$(l): u32,
#end
}

#for o in 0..OUTPUTS
@group(0) @binding($(o)) var<storage, read_write> y$(o): array<$(VALUE)>;
#end
#for i in INPLACE..SPLAT
@group(0) @binding($(OUTPUTS - INPLACE + i)) var<storage, read> x$(i): array<$(VALUE)>;
#end
#for i in SPLAT..INPUTS
@group(0) @binding($(OUTPUTS - INPLACE + i)) var<storage, read> x$(i): array<u32>;
#end
@group(0) @binding($(OUTPUTS - INPLACE + INPUTS)) var<uniform> params: Params;

struct Results {
#for o in 0..OUTPUTS
  y$(o): u32,
#end
}

fn apply(
#for i in 0..INPUTS
  v$(i): u32,
#end
) -> Results {
$(BODY)
}

@compute @workgroup_size($(THREADS))
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>) {
  let i = id.x + id.y * workgroups.x * $(THREADS)u;
  if (i >= params.count) {
    return;
  }
#if FIRST
  let o = i + params.first;
#else
  let o = i;
#end
#if RANK
  var rest = i;
#for r in 1..RANK
  let at_$(RANK - r) = rest % params.size_$(RANK - r);
  rest = rest / params.size_$(RANK - r);
#end
  let at_0 = rest;
#end
#for k in 0..INPUTS
#if k < INPLACE
  let in_$(k) = y$(k)[o];
#else
#if k < FLAT
  let in_$(k) = x$(k)[o];
#else
  let in_$(k) = x$(k)[
    params.base_$(k)
#for d in 0..RANK
    + at_$(d) * params.stride_$(k)_$(d)
#end
  ];
#end
#end
#end
#if WIDTH == 1
  let result = apply(
#for k in 0..INPUTS
    in_$(k),
#end
  );
#for o in 0..OUTPUTS
  y$(o)[o] = result.y$(o);
#end
#else
#for c in 0..4
  let result_$(c) = apply(
#for k in 0..INPUTS
#if k < SPLAT
    in_$(k)[$(c)],
#else
    in_$(k),
#end
#end
  );
#end
#for o in 0..OUTPUTS
  y$(o)[o] = vec4<u32>(result_0.y$(o), result_1.y$(o), result_2.y$(o), result_3.y$(o));
#end
#end
}
