/**
 * Scalar functions: one row each. A row is all there is to a function, apart from how the devices compute it
 * (by the same name in devices/cpu/emit/scalars.ts and devices/webgpu/lowering/scalars.ts) and its test case.
 *
 * What is not finite is treated as IEEE 754 and PyTorch do, on every device:
 *
 * | | |
 * |---|---|
 * | arithmetic, functions of one number, `pow` | NaN of NaN; but NaN⁰ = 1 and 1^NaN = 1 |
 * | `max`, `min`, `relu`, clipping, and `reduce` by max and min | NaN where one of the numbers is NaN |
 * | `sign` | NaN of NaN, ±1 of ±∞ |
 * | `log`, `sqrt` | NaN below 0; log 0 = −∞ |
 * | `sin`, `cos` | NaN of ±∞ |
 * | `less`, `lessEqual`, `greater`, `greaterEqual`, `equal` | false where one of the numbers is NaN |
 * | `notEqual` | true where one of the numbers is NaN |
 * | `isFinite` | false for NaN and ±∞ |
 * | `where` | what is not picked does not matter |
 * | `argmax`, maximum pooling | the first NaN wins |
 * | a cast to whole numbers | ±∞ saturate; NaN is 0, on a GPU any number; to bool NaN is true |
 */
export { resultDType } from "./scalar-rows.ts";
export { binary } from "./scalars-binary.ts";
export { unary } from "./scalars-unary.ts";
export type { BinaryName, UnaryName } from "./vocabulary.ts";
