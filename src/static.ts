/**
 * gradgpu/static: brings along at once what is loaded by `import()` when it is wanted otherwise. For places that refuse
 * `import()`, as service workers do, and for bundlers that make a worker one file, as Vite 5 to 7 do:
 *
 * ```ts
 * import "gradgpu/static";
 * ```
 */
import * as cpu from "./devices/cpu/index.ts";
import * as fallback from "./devices/webgpu/fallback.ts";
import { fallbackModule } from "./devices/webgpu/import-fallback.ts";
import * as webgpu from "./devices/webgpu/index.ts";
import * as node from "./devices/webgpu/node.ts";
import { nodeModule } from "./devices/webgpu/open.ts";
import { deviceModules } from "./runtime/init.ts";
import { checkpointsModule } from "./train/checkpointed-run.ts";
import * as checkpoints from "./train/checkpoints/index.ts";

deviceModules.cpu = async () => cpu;
deviceModules.webgpu = async () => webgpu;
fallbackModule.load = async () => fallback;
nodeModule.load = async () => node;
checkpointsModule.load = async () => checkpoints;
