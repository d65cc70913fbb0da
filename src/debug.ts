/** Set by whoever builds: vitest.config.ts says true, scripts/build.mjs false; where nothing is said it is not there. */
declare const __GRADGPU_DEBUG__: boolean | undefined;

/**
 * A debug build refuses what a release build forgives: memory that is given back twice. It also fills memory that may
 * hold anything with NaN. All tests run in one; bundlers leave its code out of the others.
 */
export const isDebugBuild = typeof __GRADGPU_DEBUG__ !== "undefined" && __GRADGPU_DEBUG__ === true;
