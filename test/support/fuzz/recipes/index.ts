/**
 * Calls that are right as a whole, where arguments that are right each for itself seldom fit each other: shapes that
 * belong together, functions that give what is asked of them, states that were saved. By path.
 */
import { compositions } from "./compositions.ts";
import { augmentations, pipelines } from "./data.ts";
import { differentiation } from "./differentiation.ts";
import { moduleCalls } from "./modules.ts";
import type { Recipes } from "./recipe.ts";
import { walks } from "./recurrent.ts";
import { training } from "./training.ts";
import { elementwise, verbs } from "./verbs.ts";

export const recipes: Recipes = {
  ...elementwise(),
  ...verbs(),
  ...compositions(),
  ...walks(),
  ...differentiation(),
  ...moduleCalls(),
  ...training(),
  ...pipelines(),
  ...augmentations(),
};
