/** Text out of a trained model, one character at a time, its recurrent state kept on the device. */
import { drawUniform, keyOf, nn, tensor } from "gradgpu";
import type { TextVocabulary } from "gradgpu/data";

export interface SampleOptions {
  /** What the model reads first. */
  readonly prompt: string;
  /** Characters to write. */
  readonly length: number;
  /** Below 1 the likely becomes likelier, above 1 everything becomes more alike. */
  readonly temperature: number;
  readonly seed: number;
}

/**
 * The longest paragraph of the `length` characters that `model` (i32[T, B] → f32[T, B, characters]) goes on with after
 * `prompt`. The same seed draws the same text.
 */
export async function sampleText(
  model: nn.Module,
  vocabulary: TextVocabulary,
  { prompt, length, temperature, seed }: SampleOptions,
): Promise<string> {
  const session = nn.stateful(model);
  const next = async (id: number) => (await session.step(tensor(Int32Array.of(id), [1, 1]))).data();
  const random = drawUniform(keyOf(seed), 0, length);
  let logits: ArrayLike<number> = [];
  for (const id of vocabulary.encode(prompt)) logits = await next(id);
  const written: number[] = [];
  for (let i = 0; i < length; i++) {
    const id = draw(logits, temperature, random[i] ?? 0);
    written.push(id);
    logits = await next(id);
  }
  session.dispose();
  const paragraphs = vocabulary.decode(written).split("\n\n");
  const longest = paragraphs.reduce((a, b) => (b.length > a.length ? b : a));
  return wholeSentences(longest.trim());
}

/** Where `random` in [0, 1) falls in softmax(logits / temperature). */
function draw(logits: ArrayLike<number>, temperature: number, random: number): number {
  const scaled = Array.from(logits, (logit) => logit / temperature);
  const largest = Math.max(...scaled);
  const weights = scaled.map((value) => Math.exp(value - largest));
  let left = random * weights.reduce((sum, weight) => sum + weight, 0);
  const found = weights.findIndex((weight) => {
    left -= weight;
    return left < 0;
  });
  return found < 0 ? weights.length - 1 : found;
}

/** `text` up to the end of its last sentence, if that leaves most of it. */
function wholeSentences(text: string): string {
  const end = Math.max(...[".", "!", "?", "”"].map((mark) => text.lastIndexOf(mark)));
  return end > text.length / 2 ? text.slice(0, end + 1) : text;
}
