/** What a call may end in: a value, a typed error of gradgpu's that blames the caller, or what the caller's own code threw. */
import { GradgpuError, InternalError, KernelError } from "../../../src/index.ts";
import { Mine } from "./mine.ts";

/** What is wrong with `error`, or undefined where nothing is. */
export function faultOf(error: unknown): string | undefined {
  if (error instanceof Mine) return undefined;
  // A signal that the caller aborted.
  if (error instanceof DOMException && error.name === "AbortError") return undefined;
  if (error instanceof InternalError || error instanceof KernelError) return describeError(error);
  return error instanceof GradgpuError ? undefined : describeError(error);
}

export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return `thrown: ${typeof error}`;
  const own = error.stack?.split("\n").find((line) => line.includes("/src/")) ?? "";
  const at = /\/(src\/[\w/.-]+:\d+)/.exec(own)?.[1] ?? "";
  return `${error.name}: ${error.message.split("\n")[0]?.slice(0, 200)} ${at === "" ? "" : `(${at})`}`;
}
