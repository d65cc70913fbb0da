import { remoteOutcome } from "./remote.js";

console.log(JSON.stringify(await remoteOutcome(new URL("./training.js", import.meta.url))));
