/** A page that only runs a trained model. */
import { init, tensor } from "../../../src/index.ts";
import { loadModel } from "../../../src/io/index.ts";

await init();
const model = await loadModel("model.safetensors");
console.log(await model(tensor([1, 2])).data());
