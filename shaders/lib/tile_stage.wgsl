// Puts the blocks next_$(r) that were loaded into the tile.
// Names of the place: block_r, next_r, tile_at_r, tile_step_r for each of the ROUNDS blocks r of an invocation.

    // Every invocation has multiplied the tile that is overwritten now.
    workgroupBarrier();
#for r in 0..ROUNDS
    if (block_$(r) < BLOCKS) {
#for c in 0..4
      tile[tile_at_$(r) + $(c)u * tile_step_$(r)] = next_$(r)[$(c)];
#end
    }
#end
    // The tile is complete.
    workgroupBarrier();
