// Stores four neighbouring columns of a row of out that starts at element `row`. The caller compares rows.
// Names of the includer: out; params.n, its columns; VECTOR_OUT 1 where n is a multiple of 4.

fn store(row: u32, column: u32, value: vec4<f32>) {
  if (column >= params.n) {
    return;
  }
  let at = row + column;
#if VECTOR_OUT
  out[at / 4u] = value;
#else
  out[at] = value.x;
  if (column + 1u < params.n) {
    out[at + 1u] = value.y;
  }
  if (column + 2u < params.n) {
    out[at + 2u] = value.z;
  }
  if (column + 3u < params.n) {
    out[at + 3u] = value.w;
  }
#end
}
