/** What layers, losses, optimizers and Trainers share with the verbs, and no user has a reason to call. */
export { checkTensor } from "./functions/apply.ts";
export { checkLabels } from "./functions/labels.ts";
export { type LookUp, lookUps } from "./functions/look-ups.ts";
export { assignPacked, checkGradients, packed } from "./functions/packed.ts";
export { asOneSequence, isWatched } from "./functions/recurrent-watch.ts";
export { LOAD_RULES, savedElements } from "./functions/saved.ts";
export { checkPool, WINDOW_RULES } from "./functions/window.ts";
export { packedOffsets } from "./ops/packed.ts";
export { WINDOW_SIZE } from "./ops/window.ts";
export { runtimeOf } from "./runtime/locate.ts";
export { moveVariables } from "./runtime/move.ts";
export { packVariables } from "./runtime/pack.ts";
export { nextInitialiserSeed, nextRandomStream } from "./runtime/seeds.ts";
export { type Assignment, assignmentsIn } from "./runtime/trace.ts";
export { hostArray } from "./tensor/dtype.ts";
export { hostValues } from "./tensor/host.ts";
