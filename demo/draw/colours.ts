/** The style sheet's colours, as a canvas needs them. */
import { onTheme } from "../page/theme.ts";

/** Custom properties of demo.css. */
export type ColourName =
  | "page"
  | "card"
  | "ink"
  | "dim"
  | "rule"
  | "accent"
  | "warm"
  | "good"
  | "s0"
  | "s1"
  | "s2"
  | "s3"
  | "s4";
/** Of 0 to 255 each. */
export type Rgb = readonly [red: number, green: number, blue: number];

const known = new Map<ColourName, Rgb>();
let probe: HTMLElement | undefined;
const ramps = new Map<string, Uint8ClampedArray>();
onTheme(() => {
  known.clear();
  ramps.clear();
});

export function rgb(name: ColourName): Rgb {
  const found = known.get(name);
  if (found !== undefined) return found;
  if (probe === undefined) {
    probe = document.createElement("span");
    probe.hidden = true;
    document.body.append(probe);
  }
  probe.style.color = `var(--${name})`;
  const [r = 0, g = 0, b = 0] = (getComputedStyle(probe).color.match(/[\d.]+/g) ?? []).map(Number);
  const colour: Rgb = [r, g, b];
  known.set(name, colour);
  return colour;
}

export function css(name: ColourName, alpha = 1): string {
  return `rgb(${rgb(name).join(" ")} / ${alpha})`;
}

/** Between two colours. */
export function between(a: Rgb, b: Rgb, share: number): Rgb {
  const at = (i: 0 | 1 | 2) => a[i] + (b[i] - a[i]) * share;
  return [at(0), at(1), at(2)];
}

/** 256 colours for −1 … 1: blue, what is behind, orange. Zero is seen as nothing, and the sign is seen. */
export function diverging(): Uint8ClampedArray {
  return ramp("diverging", (share) => {
    const value = 2 * share - 1;
    return between(rgb("card"), rgb(value < 0 ? "accent" : "warm"), Math.abs(value) ** 0.8);
  });
}

/** 256 colours for 0 … 1: what is behind, to ink. */
export function sequential(): Uint8ClampedArray {
  return ramp("sequential", (share) => between(rgb("card"), rgb("ink"), share));
}

function ramp(name: string, colour: (share: number) => Rgb): Uint8ClampedArray {
  const found = ramps.get(name);
  if (found !== undefined) return found;
  const all = new Uint8ClampedArray(4 * 256);
  for (let i = 0; i < 256; i++) all.set([...colour(i / 255), 255], 4 * i);
  ramps.set(name, all);
  return all;
}
