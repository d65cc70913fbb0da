import { DeviceUnavailableError } from "../../errors.ts";
import type { runFallback } from "./fallback.ts";

/** Gives the reference kernels: few plans need them, so they are loaded when the first does. */
export type LoadFallback = () => Promise<typeof runFallback>;

/** gradgpu/static brings it along. */
export const fallbackModule = { load: () => import("./fallback.ts") };

/** The reference kernels by `import()`. @throws DeviceUnavailableError where it is refused or their file is missing */
export async function importFallback(): ReturnType<LoadFallback> {
  const { runFallback: run } = await fallbackModule.load().catch((error: unknown) => {
    throw new DeviceUnavailableError(
      `webgpu: the reference kernels must load for an op that has no kernel of its own; got ${String(error)}. ` +
        'Where import() is refused, open the device by webgpu() from "gradgpu/devices/webgpu".',
    );
  });
  return run;
}
