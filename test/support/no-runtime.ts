/**
 * Before every file of tests without a device: no runtime is open. One that a file before in the same process left, busy yet,
 * would take what is loaded into variables when its turn comes, and a test that looks at once would see what was before.
 */
import { setCurrentRuntime } from "../../src/runtime/current.ts";

setCurrentRuntime(undefined);
