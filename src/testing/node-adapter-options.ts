import type { AdapterWish } from "./adapter.ts";

/** Which adapter Dawn opens. */
export interface NodeAdapterOptions {
  /** Default "auto". VK_ICD_FILENAMES names another software driver than SwiftShader. */
  readonly adapter?: AdapterWish;
  /** Whether a browser is installed where none brings SwiftShader. Default true. */
  readonly install?: boolean;
  /** Dawn's options: `["enable-dawn-features=dump_shaders"]`. */
  readonly dawnOptions?: readonly string[];
  /** What the adapter is asked for with: `{ featureLevel: "compatibility" }`. */
  readonly request?: object;
}
