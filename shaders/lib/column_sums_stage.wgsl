// Adds the steps of k that were just staged to the sums of the columns of b, in the workgroups of the first row.
// Sixteen stages are added up before they join the others, and sixteen of those again, as in lib/cascade.
// Names of the place: those of lib/tile_stage; is_a_r; first_row; k, k_begin; column_sums, some_sums, more_sums.

    if (first_row == 0u) {
#for r in 0..ROUNDS
      if (!is_a_$(r) && block_$(r) < BLOCKS) {
        column_sums += (next_$(r)[0] + next_$(r)[1]) + (next_$(r)[2] + next_$(r)[3]);
      }
#end
      let stage = (k - k_begin) / $(BK)u;
      if (stage % 16u == 15u) {
        some_sums += column_sums;
        column_sums = vec4<f32>(0.0);
      }
      if (stage % 256u == 255u) {
        more_sums += some_sums;
        some_sums = vec4<f32>(0.0);
      }
    }
