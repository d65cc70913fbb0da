import { outcomeOf } from "./train.js";

void outcomeOf().then((outcome) => postMessage(outcome));
