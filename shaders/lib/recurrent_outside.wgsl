// The gradient that a step's state gets from outside the walk.
// Names of the includer: lib/recurrent; `g_h`, by step, row and unit.

// 0 where a layer has none.
fn outside_h(at: u32) -> f32 {
#if LAYERS > 1
  if (first(G_STATES) == NONE) {
    return 0.0;
  }
#end
  return g_h[first(G_STATES) + at];
}
