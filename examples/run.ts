/** `npm run example -- NAME`: runs an example by its name; without one it says which there are. */
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = new URL("recurrent/", import.meta.url);
const names = readdirSync(folder)
  .filter((file) => file.endsWith(".ts") && file !== "script.ts")
  .map((file) => file.slice(0, -".ts".length));

const [, , name = ""] = process.argv;
if (names.includes(name)) {
  const file = new URL(`${name}.ts`, folder);
  // As if Node had been started with that file; what follows the name is the example's own.
  process.argv.splice(1, 2, fileURLToPath(file));
  await import(file.href);
} else {
  console.error(
    `npm run example -- NAME [--quick] [--device cpu] [--seed 1], where NAME is one of ${names.join(", ")}; got ${JSON.stringify(name)}.`,
  );
  process.exitCode = 2;
}
