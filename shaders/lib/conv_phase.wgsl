// What a layer z of the grid computes: of the gradient, the positions of one phase of the stride; forward, all.
// Given: z, "group.z" or what it is called. Gives phase, rows (how many positions), taps (how many filter positions meet them) and
// tap_step, from one of these to the next: they are phase + tap · tap_step.

#if GRADIENT
  let phase = vec2<u32>($(z) / params.stride_columns, $(z) % params.stride_columns);
  let size = phase_size(phase);
  let rows = params.m / (params.out_height * params.out_width) * size.x * size.y;
  let tap_step = vec2<u32>(params.stride_rows, params.stride_columns);
  let taps = (vec2<u32>(params.filter_height, params.filter_width) + tap_step - vec2<u32>(1u) - phase) / tap_step;
#else
  let phase = vec2<u32>(0u);
  let rows = params.m;
  let tap_step = vec2<u32>(1u);
  let taps = vec2<u32>(params.filter_height, params.filter_width);
#end
