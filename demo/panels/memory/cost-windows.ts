/** Steps of the sequence whose cost is measured: a multiple of the windows; a walk of it takes as long as a picture may. */
export const COST_STEPS = 120;
/** Steps that a gradient goes back; the last is the whole sequence. */
export const COST_WINDOWS = [3, 5, 20, COST_STEPS] as const;
