/** The network: i32[T, B] → f32[T, B, characters], an LSTM between a table of characters and a linear layer. */
import { nn } from "gradgpu";

/** Numbers that stand for a character. */
export const EMBEDDING = 32;

/** Letters that the slowest unit remembers at the start: about a quotation. */
const LONGEST = 96;

export interface TextModel {
  readonly model: nn.Module;
  readonly table: nn.Module;
  readonly lstm: nn.RecurrentModule;
  readonly out: nn.Module;
}

export function textModel(characters: number, units: number, seed: number): TextModel {
  const of = (layer: number) => ({ seed: 3 * seed + layer });
  const table = nn.embedding(characters, EMBEDDING, of(0));
  const lstm = nn.lstm(EMBEDDING, units, { ...of(1), initialiseBias: timeScales(LONGEST) });
  const out = nn.linear(units, characters, of(2));
  return { model: nn.sequential(table, lstm, out), table, lstm, out };
}

/**
 * Biases of an LSTM, [H, 4] in the order i f g o, with which its units remember from 1 to `longest` steps at the start, and
 * take in as much less of each: Tallec & Ollivier 2018. Where all gates begin alike, half open or open, units learn spaces
 * and lines, but rarely one that is on for a whole quotation.
 */
function timeScales(longest: number): nn.initialise.Initialiser {
  return (shape) => {
    const [units = 0, gates = 1] = shape;
    const biases = new Float32Array(units * gates);
    for (let unit = 0; unit < units; unit++) {
      const steps = 1 + ((longest - 1) * (unit + 0.5)) / units;
      biases.set([-Math.log(steps), Math.log(steps)], unit * gates);
    }
    return biases;
  };
}
