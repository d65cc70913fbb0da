// What attention and its gradient share: parameters, operands, and what a query pays to a key.
// A workgroup of 8 × 8 invocations owns 32 rows of one side (OWN: queries, or keys) of one head and walks over the other
// side 32 rows at a time; invocation (x, y) has rows 4·y + 0…3 of its own side and 4·x + 0…3 of the other.
// Constants: OPERANDS 3, or 4 with g; VECTOR_D, VECTOR_E 1 where D (E) is a multiple of 4; MASK 0, 1 of bools, 2 of what
//   is added; CAUSAL 0 or 1.
// Bindings: x_0 q [heads, Tq, D], x_1 k [heads, Tk, D], x_2 v [heads, Tk, E], x_3 g [heads, Tq, E], then the mask.

struct Params {
  tq: u32,
  tk: u32,
  d: u32,
  e: u32,
  // Blocks of 32 rows of a head, and of all heads.
  tiles: u32,
  blocks: u32,
  scale: f32,
  // Heads that lie side by side in the mask, and its elements from head to head, from such a run of heads to the next, from
  // query to query, from key to key.
  mask_run: u32,
  mask_head: u32,
  mask_outer: u32,
  mask_query: u32,
  mask_key: u32,
}

#include lib/values

#for n in 0..OPERANDS
@group(0) @binding($(n)) var<storage, read> x_$(n): array<Value$((n < 2) * VECTOR_D + (n >= 2) * VECTOR_E)>;
#end
#if MASK
@group(0) @binding($(OPERANDS)) var<storage, read> mask: array<u32>;
#end

// As in ops/attention.ts; the logarithm of a sum of hidden keys only is below LOST; what is not there is below all.
const UNSEEN = -1e30;
const LOST = -1e29;
const LEAST = -3e38;

// Rows of a head, and the features of a row.
#for n in 0..OPERANDS
fn rows_$(n)() -> u32 {
#if n == 0 || n == 3
  return params.tq;
#else
  return params.tk;
#end
}
fn width_$(n)() -> u32 {
#if n < 2
  return params.d;
#else
  return params.e;
#end
}
// Features f … f + 3 of a row, 0 behind the last; rows behind the last are the last again.
fn at_$(n)(head: u32, row: u32, f: u32) -> vec4<f32> {
  let width = width_$(n)();
  if (f >= width) {
    return vec4<f32>(0.0);
  }
  let at = (head * rows_$(n)() + min(row, rows_$(n)() - 1u)) * width + f;
#if (n < 2) * VECTOR_D + (n >= 2) * VECTOR_E
  return x_$(n)[at / 4u];
#else
  let last = at + width - f - 1u;
  let four = vec4<f32>(x_$(n)[at], x_$(n)[min(at + 1u, last)], x_$(n)[min(at + 2u, last)], x_$(n)[min(at + 3u, last)]);
  return select(vec4<f32>(0.0), four, vec4<u32>(f, f + 1u, f + 2u, f + 3u) < vec4<u32>(width));
#end
}
#end

// Of a product, what softmax is taken of.
fn score(product: f32, head: u32, query: u32, key: u32) -> f32 {
  if (query >= params.tq || key >= params.tk) {
    return LEAST;
  }
  var s = product * params.scale;
#if MASK
  let at = head / params.mask_run * params.mask_outer + head % params.mask_run * params.mask_head;
  let own = mask[at + query * params.mask_query + key * params.mask_key];
#if MASK == 1
  s = select(s, UNSEEN, own == 0u);
#else
  let added = bitcast<f32>(own);
  s = select(s + added, UNSEEN, added <= UNSEEN);
#end
#end
#if CAUSAL
  s = select(s, UNSEEN, key + params.tq > query + params.tk);
#end
  return s;
}

// The first key that none of the queries before `end` sees.
fn seen_end(end: u32) -> u32 {
#if CAUSAL
  return min(params.tk, max(end + params.tk, params.tq) - params.tq);
#else
  return params.tk;
#end
}

// 16 features of 32 rows of both sides, or 32 features of 32 rows of one.
var<workgroup> tile: array<vec4<f32>, 256>;
