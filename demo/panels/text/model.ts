/** The network: i32[T, B] → f32[T, B, characters], an LSTM between a table of characters and a linear layer. */
import { nn } from "gradgpu";

/** Numbers that stand for a character. */
export const EMBEDDING = 32;

export interface TextModel {
  readonly model: nn.Module;
  readonly table: nn.Module;
  readonly lstm: nn.RecurrentModule;
  readonly out: nn.Module;
}

export function textModel(characters: number, units: number, seed: number): TextModel {
  const of = (layer: number) => ({ seed: 3 * seed + layer });
  const table = nn.embedding(characters, EMBEDDING, of(0));
  // A gate that starts open remembers from the first step on: Gers et al. 2000.
  const remember = { initialiseBias: nn.initialise.remember(1) };
  const lstm = nn.lstm(EMBEDDING, units, { ...of(1), ...remember });
  const out = nn.linear(units, characters, of(2));
  return { model: nn.sequential(table, lstm, out), table, lstm, out };
}
