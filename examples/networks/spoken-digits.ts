/**
 * Sequences without alignment: of frames like those of speech it is known what is said, but not when. CTC (Graves et al. 2006)
 * sums over all ways of saying it. The "speech" is made here: every sound has a spectrum, lasts between three and seven frames,
 * glides into the next, and is covered by noise.
 */
import { keyOf, losses, nn, optim, Trainer, transpose, words } from "gradgpu";
import { runAsScript } from "../shared/script.ts";

export interface Settings {
  readonly training: number;
  readonly test: number;
  readonly units: number;
  readonly epochs: number;
}

export const FULL: Settings = { training: 4000, test: 500, units: 64, epochs: 6 };
export const QUICK: Settings = { training: 1200, test: 200, units: 48, epochs: 6 };

const [SOUNDS, BANDS, FRAMES, LONGEST, BATCH] = [10, 16, 48, 6, 50];
const BLANK = 0;

export interface Recordings {
  readonly x: { readonly data: Float32Array; readonly shape: readonly number[] };
  /** Sounds 1 … 10, and −1 behind the last. */
  readonly y: { readonly data: Int32Array; readonly shape: readonly number[] };
  /** Frames of each. */
  readonly frames: Int32Array;
}

/** `count` recordings, padded with silence. */
export function recordings(count: number, seed: number): Recordings {
  const draws = words(keyOf(seed), 0, count * (2 * LONGEST + 1));
  const noise = words(keyOf(seed), 1, count * FRAMES * BANDS);
  const x = new Float32Array(count * FRAMES * BANDS);
  const y = new Int32Array(count * LONGEST).fill(-1);
  const frames = new Int32Array(count);
  for (let n = 0; n < count; n++) {
    const draw = (i: number) => draws[n * (2 * LONGEST + 1) + i] ?? 0;
    const said = 2 + (draw(0) % (LONGEST - 1));
    let [t, before] = [0, 0];
    for (let s = 0; s < said; s++) {
      const sound = draw(1 + 2 * s) % SOUNDS;
      y[n * LONGEST + s] = sound + 1;
      const length = 3 + (draw(2 + 2 * s) % 5);
      for (let f = 0; f < length; f++, t++) {
        const share = Math.min(1, (f + 1) / 2);
        for (let band = 0; band < BANDS; band++) {
          const glide =
            share * spectrum(sound, band) + (1 - share) * before * spectrum(sound, band + 3);
          x[(n * FRAMES + t) * BANDS + band] = glide;
        }
      }
      before = 1;
    }
    frames[n] = t;
  }
  for (let i = 0; i < x.length; i++) x[i] = (x[i] ?? 0) + 0.6 * ((noise[i] ?? 0) / 2 ** 32 - 0.5);
  return {
    x: { data: x, shape: [count, FRAMES, BANDS] },
    y: { data: y, shape: [count, LONGEST] },
    frames,
  };
}

/** Two formants. */
function spectrum(sound: number, band: number): number {
  const bump = (centre: number) => Math.exp(-((band - centre) ** 2) / 3);
  return bump(1 + (sound % 5) * 1.6) + bump(9 + Math.floor(sound / 5) * 4 + (sound % 3));
}

/** What the likeliest class of every frame says: each once where it stands in a row, without blanks. */
function heard(logits: Float32Array, frames: number): number[] {
  const classes = SOUNDS + 1;
  const best = Array.from({ length: frames }, (_, t) => {
    const row = logits.subarray(t * classes, (t + 1) * classes);
    return row.indexOf(Math.max(...row));
  });
  return best.filter((label, t) => label !== BLANK && label !== best[t - 1]);
}

/** The share of unseen recordings of which every sound is heard. */
export async function main(settings: Settings): Promise<{ exact: number }> {
  const { training, test, units, epochs } = settings;
  const model = nn.sequential(
    nn.gru(BANDS, units, { bidirectional: true, batchFirst: true }),
    nn.linear(2 * units, SOUNDS + 1),
  );
  const trainer = new Trainer(model, {
    batch: { x: "f32", y: "i32", frames: "i32" },
    // Time first.
    loss: (model, { x, y, frames }) =>
      losses.ctc(transpose(model(x), [1, 0, 2]), y, { lengths: frames, blank: BLANK }),
    optimizer: optim.adam({ learningRate: 0.01, clipNorm: 1 }),
  });
  await trainer.fit(
    { ...recordings(training, 1) },
    {
      epochs,
      batchSize: BATCH,
      onEpoch: ({ epoch, loss }) => console.log(`epoch ${epoch}: loss ${loss.toFixed(3)}`),
    },
  );
  const unseen = recordings(test, 2);
  const { data } = await trainer.predict(unseen.x.data, unseen.x.shape);
  const size = FRAMES * (SOUNDS + 1);
  const exact = Array.from(unseen.frames, (frames, n) => {
    const said = unseen.y.data
      .subarray(n * LONGEST, (n + 1) * LONGEST)
      .filter((label) => label > 0);
    return heard(data.subarray(n * size, (n + 1) * size), frames).join() === said.join();
  }).filter(Boolean).length;
  console.log(
    `${((100 * exact) / test).toFixed(1)} % of ${test} unseen recordings are heard exactly.`,
  );
  trainer.dispose();
  return { exact: exact / test };
}

await runAsScript(import.meta.url, { main, full: FULL, quick: QUICK });
