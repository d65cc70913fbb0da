/** The network: i32[T, B] → f32[T, B, characters], an LSTM between a table of characters and a linear layer. */
import { nn } from "gradgpu";

/** Numbers that stand for a character. */
export const EMBEDDING = 32;

/** Letters that slow units remember at the start: about a short line to a quotation. */
const [SHORTEST, LONGEST] = [16, 96];
/** One unit in so many is slow. */
const SLOW = 8;

export interface TextModel {
  readonly model: nn.Module;
  readonly table: nn.Module;
  readonly lstm: nn.RecurrentModule;
  readonly out: nn.Module;
}

export function textModel(characters: number, units: number, seed: number): TextModel {
  const of = (layer: number) => ({ seed: 3 * seed + layer });
  const table = nn.embedding(characters, EMBEDDING, of(0));
  const lstm = nn.lstm(EMBEDDING, units, { ...of(1), initialiseBias: timeScales });
  const out = nn.linear(units, characters, of(2));
  return { model: nn.sequential(table, lstm, out), table, lstm, out };
}

/**
 * Biases of an LSTM, [H, 4] in the order i f g o: an eighth of its units remembers from SHORTEST to LONGEST steps at the
 * start, after Tallec & Ollivier 2018, and take in the less of each, the longer they remember; gates of all others are half
 * open. Where all units are slow, most cells come to be full and show nothing; where none is, units learn spaces, but hardly
 * one that is on for a whole quotation.
 */
function timeScales(shape: readonly number[]): Float32Array {
  const [units = 0, gates = 1] = shape;
  const biases = new Float32Array(units * gates);
  const slow = Math.floor(units / SLOW);
  for (let unit = 0; unit < slow; unit++) {
    const steps = SHORTEST + ((LONGEST - SHORTEST) * (unit + 0.5)) / slow;
    biases.set([-Math.log(steps), Math.log(steps)], unit * gates);
  }
  return biases;
}
