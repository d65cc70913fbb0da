import { outcomeOf } from "./train.js";

void outcomeOf(globalThis.trainOptions).then((outcome) => {
  globalThis.outcome = outcome;
});
