/**
 * `node test/support/compile-folder.mjs FOLDER`: TypeScript's complaints of the files that FOLDER/tsconfig.json names, on
 * stdout. What they import is read, and not checked: of a file that needs one of src/ `tsc -p` checks all of src/ anew.
 */
import { join, resolve } from "node:path";
import { argv, exit, stdout } from "node:process";
import ts from "typescript";

const folder = resolve(argv[2] ?? ".");
const { config, error } = ts.readConfigFile(join(folder, "tsconfig.json"), ts.sys.readFile);
const { fileNames, options, errors } = ts.parseJsonConfigFileContent(config, ts.sys, folder);
const program = ts.createProgram(fileNames, options);
const complaints = [
  ...(error === undefined ? [] : [error]),
  ...errors,
  ...program.getOptionsDiagnostics(),
  ...program.getGlobalDiagnostics(),
  ...fileNames.flatMap((name) => {
    const file = program.getSourceFile(name);
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
  }),
];
stdout.write(
  ts.formatDiagnostics(complaints, {
    getCanonicalFileName: (name) => name,
    getCurrentDirectory: () => folder,
    getNewLine: () => "\n",
  }),
);
// A file that is left out would be one without complaints.
if (fileNames.length === 0) exit(1);
