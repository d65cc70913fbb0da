// Single elements of the operands of lib/product, for kernels that bind them as scalars.
// Constants: TRANSPOSE_A, TRANSPOSE_B.

fn a_at(base: u32, row: u32, k: u32) -> f32 {
#if TRANSPOSE_A
  return a[base + k * params.m + row];
#else
  return a[base + row * params.k + k];
#end
}

fn b_at(base: u32, k: u32, column: u32) -> f32 {
#if TRANSPOSE_B
  return b[base + column * params.k + k];
#else
  return b[base + k * params.n + column];
#end
}
