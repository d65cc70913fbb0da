import type { TestProject } from "vitest/node";
import { packTarball } from "./app.ts";

/** Packs once for all files. */
export function setup(project: TestProject): () => void {
  const { tarball, remove } = packTarball();
  project.provide("tarball", tarball);
  return remove;
}
