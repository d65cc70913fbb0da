/** JSON that keeps what a state has beyond it: numbers that are not finite, and short arrays of floats. */
import { isRecord } from "../../arguments.ts";

const NUMBER = "$number";
const FLOATS = "$f32";

export function written(value: unknown): string {
  return JSON.stringify(value, (_, own: unknown) => {
    if (typeof own === "number" && (!Number.isFinite(own) || Object.is(own, -0)))
      return { [NUMBER]: Object.is(own, -0) ? "-0" : String(own) };
    return own instanceof Float32Array ? { [FLOATS]: [...own] } : own;
  });
}

/** @throws SyntaxError */
export function parsed(text: string): unknown {
  return JSON.parse(text, (_, own: unknown) => {
    if (!isRecord(own)) return own;
    const { [NUMBER]: number, [FLOATS]: floats } = own;
    if (typeof number === "string") return Number(number);
    return Array.isArray(floats) ? Float32Array.from(floats, Number) : own;
  });
}
