/** Sequences in a batch: those that a step sees. */
export const BATCH_SIZE = 32;
