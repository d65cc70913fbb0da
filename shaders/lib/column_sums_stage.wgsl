// Adds the steps of k that were just staged to the sums of the columns of b, in the workgroups of the first row.
// Names of the place: those of lib/tile_stage; is_a_r; first_row; column_sums.

    if (first_row == 0u) {
#for r in 0..ROUNDS
      if (!is_a_$(r) && block_$(r) < BLOCKS) {
        column_sums += (next_$(r)[0] + next_$(r)[1]) + (next_$(r)[2] + next_$(r)[3]);
      }
#end
    }
