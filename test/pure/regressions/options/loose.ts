/** What tests of options share. */

/** What the types forbid. */
export const loose = (fn: unknown) => fn as (...args: unknown[]) => unknown;

export const rate = { learningRate: 0.1 };

export const noNumbers = [Number.NaN, "0.1", null, {}, [0.1], true, 1n, () => 1, Symbol("x")];
