/** Functions and structs begin a line, and end with the brace that closes them. */
const HEAD = /^(?:fn|struct) (\w+)/;

interface Piece {
  /** Of a function or a struct. */
  readonly name: string | undefined;
  readonly text: string;
}

/**
 * WGSL without the functions and structs that nothing reaches from `main`. A kernel includes all scalar functions and
 * calls few: to read and check the rest is up to a fifth of what a compiler takes for a small one.
 */
export function reachable(code: string): string {
  const pieces = piecesOf(code);
  const named = new Map(pieces.map(({ name, text }) => [name, text]));
  const reached = new Set<string | undefined>([undefined, "main"]);
  const queue = pieces.filter(({ name }) => reached.has(name)).map(({ text }) => text);
  for (const text of queue) {
    for (const [word] of text.matchAll(/\w+/g)) {
      const found = named.get(word);
      if (found === undefined || reached.has(word)) continue;
      reached.add(word);
      queue.push(found);
    }
  }
  return pieces
    .filter(({ name }) => reached.has(name))
    .map(({ text }) => text)
    .join("\n");
}

function piecesOf(code: string): Piece[] {
  const pieces: Piece[] = [];
  let lines: string[] = [];
  let name: string | undefined;
  let depth = 0;
  for (const line of code.split("\n")) {
    name ??= HEAD.exec(line)?.[1];
    lines.push(line);
    depth += line.split("{").length - line.split("}").length;
    if (name !== undefined && (depth > 0 || !line.includes("}"))) continue;
    pieces.push({ name, text: lines.join("\n") });
    lines = [];
    name = undefined;
  }
  // What is not closed is for the compiler to complain of.
  if (lines.length > 0) pieces.push({ name: undefined, text: lines.join("\n") });
  return pieces;
}
