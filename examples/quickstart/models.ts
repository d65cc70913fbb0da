/** The two networks. */
import { nn } from "gradgpu";

/** f32[N, 28, 28, 1] → f32[N, 10]: 20,490 weights in two convolutions and one linear layer. */
export function digitsModel(): nn.Module {
  return nn.sequential(
    nn.conv2d(1, 16, 3, { padding: "same" }),
    nn.relu(),
    nn.maxPool2d(2),
    nn.conv2d(16, 32, 3, { padding: "same" }),
    nn.relu(),
    nn.maxPool2d(2),
    nn.flatten(),
    nn.linear(32 * 7 * 7, 10),
  );
}

export interface TextModelOptions {
  /** How many different characters there are. */
  readonly characters: number;
  readonly embedding: number;
  readonly hidden: number;
}

/** i32[T, B] → f32[T, B, characters]. */
export function textModel({ characters, embedding, hidden }: TextModelOptions): nn.Module {
  return nn.sequential(
    nn.embedding(characters, embedding),
    nn.lstm(embedding, hidden, { initialiseBias: nn.initialise.remember(1) }),
    nn.linear(hidden, characters),
  );
}
