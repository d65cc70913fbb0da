/** What an editor says of a user's program: TypeScript's own answers, from the sources. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const FILE = join(repository, "test/types/program.ts");

/** A program by its text, in a file that does not exist. */
export class Editor {
  readonly #text: string;
  readonly #service: ts.LanguageService;

  constructor(text: string) {
    this.#text = text;
    const { config } = ts.readConfigFile(join(repository, "tsconfig.json"), ts.sys.readFile);
    const { options } = ts.parseJsonConfigFileContent(
      { ...config, include: [] },
      ts.sys,
      repository,
    );
    const read = (file: string) => (file === FILE ? text : ts.sys.readFile(file));
    this.#service = ts.createLanguageService({
      ...ts.sys,
      useCaseSensitiveFileNames: () => ts.sys.useCaseSensitiveFileNames,
      getScriptFileNames: () => [FILE],
      getScriptVersion: () => "1",
      getScriptSnapshot: (file) => {
        const own = read(file);
        return own === undefined ? undefined : ts.ScriptSnapshot.fromString(own);
      },
      readFile: read,
      fileExists: (file) => file === FILE || ts.sys.fileExists(file),
      getCurrentDirectory: () => repository,
      getDefaultLibFileName: ts.getDefaultLibFilePath,
      getCompilationSettings: () => ({ ...options, incremental: false, noUnusedLocals: false }),
    });
  }

  /** What is shown where a name stands for the first time as a word of its own. */
  hover(name: string): string {
    const position = this.#text.search(new RegExp(`\\b${name}\\b`));
    const info = this.#service.getQuickInfoAtPosition(FILE, position);
    return ts.displayPartsToString(info?.displayParts);
  }

  /** Errors in their order: the line's text, and what is said of it, the most general first. */
  errors(): { readonly line: string; readonly says: readonly string[] }[] {
    const lines = this.#text.split("\n");
    return this.#service.getSemanticDiagnostics(FILE).map(({ start = 0, messageText }) => ({
      line: lines[this.#text.slice(0, start).split("\n").length - 1]?.trim() ?? "",
      says: ts
        .flattenDiagnosticMessageText(messageText, "\n")
        .split("\n")
        .map((one) => one.trim()),
    }));
  }
}
