/** How many bytes a page loads, gzipped. */
import type { BenchCase, Figure } from "../contract.ts";
import { type PageBytes, pageBytes } from "./page-bytes.ts";
import type { Row, Runner } from "./rows.ts";

/** The verbs alone, without layers, optimizers, data and Trainer; and all there is. */
const pages = { core: "src/functions.ts", everything: "src/index.ts" };

const parts: { readonly [K in keyof PageBytes]: string } = {
  start: "before a device is opened",
  webgpu: "with a GPU",
  cpu: "without a GPU",
  all: "all files",
};

/** A row without times: its figures are the sizes. */
export async function measureBundles(benchCase: BenchCase, runner: Runner): Promise<Row> {
  const figures: Figure[] = [];
  for (const [page, entry] of Object.entries(pages)) {
    const bytes = await pageBytes(entry);
    for (const [part, name] of Object.entries(parts) as [keyof PageBytes, string][])
      figures.push({ name: `${page}, ${name}`, value: bytes[part] / 1024, unit: "KiB" });
  }
  return {
    case: benchCase.name,
    kind: benchCase.kind,
    engine: "gradgpu-cpu",
    device: "cpu",
    runner,
    outcome: "counted",
    figures,
  };
}
