/** What the example trains, in Node and in a page alike, and how it goes on: the same call whenever it is started. */
import { type EpochReport, losses, nn, optim, Trainer } from "gradgpu";
import { TextVocabulary } from "gradgpu/data";
import type { Folder } from "gradgpu/io";

const TEXT =
  "Call me Ishmael. Some years ago, never mind how long precisely, having little or no money in my purse, and nothing " +
  "particular to interest me on shore, I thought I would sail about a little and see the watery part of the world. It is " +
  "a way I have of driving off the spleen and regulating the circulation. ";

export interface Settings {
  /** Epochs of all runs together. */
  readonly epochs: number;
  readonly units: number;
}

export interface Run {
  /** Where checkpoints are; a text is a path in Node. */
  readonly checkpoints: Folder | string;
  readonly signal?: AbortSignal;
  readonly onResume: (step: number, epoch: number) => void;
  readonly onEpoch: (report: EpochReport) => unknown;
}

/** Trains until so many epochs are complete, from wherever the last run was. Returns the step, and a checksum of the weights. */
export async function train(
  { epochs, units }: Settings,
  { checkpoints, signal, onResume, onEpoch }: Run,
): Promise<{ readonly step: number; readonly checksum: string }> {
  const vocabulary = TextVocabulary.of(TEXT);
  const model = nn.sequential(
    nn.embedding(vocabulary.size, 16),
    nn.gru(16, units),
    nn.dropout(0.1),
    nn.linear(units, vocabulary.size),
  );
  const optimizer = optim.adam({ learningRate: 0.01, clipNorm: 1 });
  const options = { loss: losses.crossEntropy, optimizer, window: 8 };

  const trainer = await Trainer.resume(checkpoints, model, options);
  onResume(trainer.step, trainer.epoch);
  await trainer.fit(vocabulary.encode(TEXT), {
    untilEpoch: epochs,
    batchSize: 4,
    onEpoch,
    checkpoint: { to: checkpoints, everySeconds: 1 },
    ...(signal && { signal }),
  });
  const checksum = await checksumOf(model);
  trainer.dispose();
  return { step: trainer.step, checksum };
}

/** Of every bit of the weights, so that two runs can be compared. FNV-1a. */
async function checksumOf(model: nn.Module): Promise<string> {
  let hash = 0x811c9dc5;
  for (const { data } of Object.values(await model.stateDict()))
    for (const byte of new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
      hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}
