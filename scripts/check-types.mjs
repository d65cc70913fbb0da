/**
 * Compiles test/types/ against the declarations that are published, with nothing skipped, in the settings that users
 * have: with and without WebGPU's types and ESNext.Disposable, as a bundler and as Node resolve imports.
 *
 *   npm run check:types                       by the TypeScript of this repository
 *   npm run check:types -- 5.0.4 5.9.3 7.0.2  by others, which npx fetches
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { argv } from "node:process";
import { fileURLToPath } from "node:url";
import { apiReport, REPORT } from "./api-report.mjs";
import { writeDeclarations } from "./declarations.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

const disposable = { files: ["using.ts"], libraries: ["ESNext.Disposable"] };
const gpu = { files: ["gpu-device.ts"], types: ["@webgpu/types"] };

/** What users may have besides the language, from nothing to everything. */
const settings = [
  {},
  { module: "Node16", moduleResolution: "node16" },
  gpu,
  disposable,
  { ...disposable, ...gpu, files: ["using.ts", "gpu-device.ts"] },
];

/** TypeScript's complaints, one text a setting that has any. `version` undefined: this repository's compiler. */
function checkTypes(version) {
  mkdirSync(join(root, "out"), { recursive: true });
  const folder = mkdtempSync(join(root, "out/types-"));
  try {
    installAsPackage(folder);
    // Whoever changes what is public shows it in review.
    const isCurrent =
      version !== undefined ||
      apiReport(join(folder, "node_modules/gradgpu/dist")) === readFileSync(REPORT, "utf8");
    const stale = isCurrent ? [] : ["api-report.txt is not what is exported: npm run api"];
    const complaints = settings.flatMap((setting) => {
      // TypeScript knows the library since 5.2.
      if (setting.libraries !== undefined && /^5\.[01]\b/.test(version ?? "")) return [];
      const complaint = compile(folder, version, setting);
      return complaint === "" ? [] : [`${JSON.stringify(setting)}:\n${complaint}`];
    });
    return [...stale, ...complaints];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** node_modules/gradgpu as npm would make it, declarations only, and the files of test/types. */
function installAsPackage(folder) {
  const own = join(folder, "node_modules/gradgpu");
  mkdirSync(own, { recursive: true });
  const { exports, ...rest } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const entries = Object.values(exports)
    .filter((target) => target["gradgpu-source"])
    .map(({ types }) => types);
  writeDeclarations(join(own, "dist"), entries, { isChecked: false });
  writeFileSync(join(own, "package.json"), JSON.stringify({ ...rest, exports }));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module", private: true }));
  cpSync(join(root, "test/types"), folder, { recursive: true });
}

function compile(folder, version, { files = [], libraries = [], types = [], ...modules }) {
  const compilerOptions = {
    target: "ES2022",
    lib: ["ES2022", "DOM", ...libraries],
    types,
    typeRoots: [join(root, "node_modules")],
    module: "ESNext",
    moduleResolution: "bundler",
    ...modules,
    strict: true,
    exactOptionalPropertyTypes: true,
    // What TypeScript's own libraries complain of is left out below; not to ask them saves a third.
    skipLibCheck: false,
    skipDefaultLibCheck: true,
    noEmit: true,
  };
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ compilerOptions, files: ["consumer.ts", "testing.ts", ...files] }),
  );
  const [command, ...args] =
    version === undefined
      ? [process.execPath, join(root, "node_modules/typescript/bin/tsc")]
      : ["npx", "--yes", "--package", `typescript@${version}`, "tsc"];
  const { status, stdout, stderr } = spawnSync(command, [...args, "-p", folder], {
    cwd: root,
    encoding: "utf8",
    // npx is a script on Windows.
    shell: version !== undefined && process.platform === "win32",
  });
  if (status === 0) return "";
  // Libraries that do not go together, such as @webgpu/types and a DOM that knows WebGPU, are the user's to sort out.
  const errors = stdout.split("\n").filter((line) => line.includes("error TS"));
  const own = errors.filter((line) => line.startsWith(relative(root, folder)));
  return errors.length === 0 ? stdout + stderr || `ended with ${status}` : own.join("\n");
}

const versions = argv.length > 2 ? argv.slice(2) : [undefined];
for (const version of versions) {
  const complaints = checkTypes(version);
  const name = `TypeScript ${version ?? "of this repository"}`;
  console.log(complaints.length === 0 ? `${name}: ok` : `${name}:\n${complaints.join("\n")}`);
  if (complaints.length > 0) process.exitCode = 1;
}
