// Stores the sums of the columns of b over the workgroup's part of k: in `sums` where SUMS is 1, in the row behind the
// part's others where it is 2. Invocation i holds those of columns 4 · (i % (BN / 4)) + 0…3 over the steps that it
// staged, since A's blocks and the invocations are multiples of BN / 4. Accumulation: f32, every invocation its steps
// (lib/column_sums_stage), then the invocations in their order.
// Names of the place: column_sums, some_sums, more_sums, first_row, first_column, thread, base, params.m, params.n; of the module: lib/tile,
// lib/store, sums.

  if (first_row == 0u) {
    // Every invocation has multiplied the last tile.
    workgroupBarrier();
    tile[thread] = more_sums + (some_sums + column_sums);
    // The sums of all invocations are there.
    workgroupBarrier();
    if (thread < $(BN / 4)u) {
      var total = tile[thread];
      for (var other = thread + $(BN / 4)u; other < THREADS; other += $(BN / 4)u) {
        total += tile[other];
      }
      let column = first_column + 4u * thread;
#if SUMS == 2
      store(base + params.m * params.n, column, total);
#else
#for c in 0..4
      if (column + $(c)u < params.n) {
        sums[column + $(c)u] = total[$(c)];
      }
#end
#end
    }
  }
