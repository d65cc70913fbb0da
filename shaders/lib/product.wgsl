// The head of the kernels for matrix products: their parameters and bindings.
// Constants: VECTOR_A, VECTOR_B, VECTOR_OUT 1 where that operand is bound as vectors; SUMS 1 where the sums of b's columns
//   have a binding; those of lib/epilogue.

struct Params {
  m: u32,
  n: u32,
  k: u32,
  // Elements from one matrix of the batch to the next; 0 where the operand is broadcast.
  a_batch: u32,
  b_batch: u32,
  // Elements before the first matrix of this call.
  a_base: u32,
  b_base: u32,
  out_base: u32,
  // Tiles along n.
  tiles_n: u32,
  // Steps of k in one part.
  k_part: u32,
  batches: u32,
$(EPILOGUE_FIELDS)
}

#include lib/values

@group(0) @binding(0) var<storage, read> a: array<Value$(VECTOR_A)>;
@group(0) @binding(1) var<storage, read> b: array<Value$(VECTOR_B)>;
@group(0) @binding($(2 + EPILOGUE_BINDINGS)) var<storage, read_write> out: array<Value$(VECTOR_OUT)>;
#if SUMS == 1
@group(0) @binding($(3 + EPILOGUE_BINDINGS)) var<storage, read_write> sums: array<f32>;
#end
@group(0) @binding($(3 + EPILOGUE_BINDINGS + (SUMS == 1))) var<uniform> params: Params;
