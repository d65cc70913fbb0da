import type { AnyFitOptions, StepReport } from "./options.ts";
import type { TrainerState } from "./trainer-state.ts";
import { type RunSetup, trainingRun } from "./training-run.ts";

/** Loaded when something is to be saved, so that other pages do without; gradgpu/static brings it along. */
export const checkpointsModule = { load: () => import("./checkpoints/index.ts") };

export interface Checkpointed {
  readonly options: AnyFitOptions;
  readonly setup: Omit<RunSetup, "checkpoints">;
  state(): Promise<TrainerState>;
  /** Called when the run is over, before its end is written down. */
  ended(): void;
}

/** A run, and checkpoints beside it: also of its end, unless it fails. */
export async function* checkpointedRun({
  options: { checkpoint, signal },
  setup,
  state,
  ended,
}: Checkpointed): AsyncGenerator<StepReport, void, void> {
  const { progress, position } = setup;
  const { step } = position;
  const { length } = progress.epochs;
  const begin = async (options: NonNullable<AnyFitOptions["checkpoint"]>) => {
    const { CheckpointWriter } = await checkpointsModule.load();
    return CheckpointWriter.begin({ options, state, progress, step });
  };
  const checkpoints = checkpoint && (await begin(checkpoint));
  let hasFailed = false;
  try {
    yield* trainingRun({ ...setup, checkpoints });
    ended();
  } catch (error) {
    hasFailed = !signal?.aborted || error !== signal.reason;
    throw error;
  } finally {
    const isSame = position.step === step && progress.epochs.length === length;
    await checkpoints?.close(!hasFailed && !isSame);
  }
}
