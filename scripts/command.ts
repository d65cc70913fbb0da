import { type ParseArgsConfig, parseArgs } from "node:util";

type Options = NonNullable<ParseArgsConfig["options"]>;

/**
 * What a script is called with: its options, and up to `most` words. `--help` prints its usage and ends it; anything else
 * ends it with the usage and exit code 2.
 */
export function command<const O extends Options>(usage: string, options: O, most = 0) {
  if (process.argv.includes("--help")) {
    console.log(usage);
    process.exit(0);
  }
  const parsed = parsedOr(usage, options);
  const [tooMany] = parsed.positionals.slice(most);
  return tooMany === undefined ? parsed : refuse(usage, `there is no place for ${tooMany}`);
}

/** Ends a script that was called in a way that it does not understand. */
export function refuse(usage: string, why: string): never {
  console.error(`${why}\n\n${usage}`);
  process.exit(2);
}

/** @returns `name`, where it is a device that can be asked for */
export function deviceNamed(usage: string, name: string): "cpu" | "webgpu" {
  if (name === "cpu" || name === "webgpu") return name;
  return refuse(usage, `the device must be cpu or webgpu; got ${name}`);
}

function parsedOr<const O extends Options>(usage: string, options: O) {
  try {
    return parseArgs({ allowPositionals: true, options });
  } catch (error) {
    return refuse(usage, error instanceof Error ? error.message : String(error));
  }
}
