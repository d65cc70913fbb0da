import { outcomeOf } from "./train.js";

console.log(JSON.stringify(await outcomeOf()));
