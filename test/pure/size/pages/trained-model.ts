/** A page that only runs a trained model. */
import { init, tensor } from "gradgpu";
import { loadModel } from "gradgpu/io";

await init();
const model = await loadModel("model.safetensors");
console.log(await model(tensor([1, 2])).data());
