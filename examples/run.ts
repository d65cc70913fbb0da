/** `npm run example -- NAME`: runs an example by its name; without one it says which there are. */
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const files = ["recurrent/", "networks/"].flatMap((path) => {
  const folder = new URL(path, import.meta.url);
  return readdirSync(folder)
    .filter((file) => file.endsWith(".ts"))
    .map((file) => [file.slice(0, -".ts".length), new URL(file, folder)] as const);
});
// The other files of its folder are a page.
files.push(["resume", new URL("resume/resume.ts", import.meta.url)]);

const [, , name = ""] = process.argv;
const file = new Map(files).get(name);
if (file !== undefined) {
  // As if Node had been started with that file; what follows the name is the example's own.
  process.argv.splice(1, 2, fileURLToPath(file));
  await import(file.href);
} else {
  console.error(
    `npm run example -- NAME [--quick] [--device cpu] [--seed 1], where NAME is one of ${files.map(([known]) => known).join(", ")}; got ${JSON.stringify(name)}.`,
  );
  process.exitCode = 2;
}
