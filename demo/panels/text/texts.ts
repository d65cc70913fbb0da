/** The texts that can be learned: files beside the page, and pasted ones, which are kept in this browser and nowhere else. */
import { load, save } from "../../store.ts";
import type { LoadData } from "../../worker/training.ts";

export const BUILT_IN = ["alice", "moby-dick", "korean"] as const;
const OWN = "own-";

/** Keeps a pasted text; the name that the address has for it, which is the same for the same text. */
export async function keepText(text: string): Promise<string> {
  const name = `${OWN}${digest(text)}`;
  await save("texts", name, text);
  return name;
}

/** The text of a name. @throws Error for one that was pasted elsewhere, or nowhere. */
export async function textOf(name: string, read: LoadData): Promise<string> {
  if (BUILT_IN.some((one) => one === name))
    return new TextDecoder().decode(await read(`${name}.txt`));
  const kept = name.startsWith(OWN) ? await load("texts", name).catch(() => undefined) : undefined;
  if (typeof kept === "string") return kept;
  throw new Error(
    `text: this text is not in this browser; got ${JSON.stringify(name)}. A pasted text stays where it was pasted: choose another one below, or paste it again.`,
  );
}

/** 53 bits of a text: cyrb53. */
function digest(text: string): string {
  let [a, b] = [0xdeadbeef, 0x41c6ce57];
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    a = Math.imul(a ^ unit, 2654435761);
    b = Math.imul(b ^ unit, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return (4294967296 * (2097151 & b) + (a >>> 0)).toString(36);
}
