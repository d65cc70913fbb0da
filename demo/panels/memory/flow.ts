import { compile, gradientFlow, type nn, stopGradient } from "gradgpu";
import type { TrainingBatch } from "gradgpu/train";
import type { Task } from "../../../examples/memory/tasks/task.ts";
import { windowsOf } from "../../../examples/memory/training.ts";
import type { ByState } from "./pictures.ts";
import { readAll, tensorOf } from "./read.ts";

/** ‖∂loss/∂state_t‖ in the last window of a batch, as a step with these weights has it. */
export async function flowOf(
  model: nn.Module,
  task: Task,
  batch: TrainingBatch,
  window: number | undefined,
): Promise<ByState> {
  const parts = window === undefined ? [batch] : [...windowsOf(batch, window)];
  const last = parts.at(-1) ?? batch;
  const measure = compile((y, ...xs) => {
    const { state } = xs
      .slice(0, -1)
      .reduce<{ state: nn.State | undefined }>(
        (before, x) => ({ state: model.step(x, before.state).state.map(stopGradient) }),
        { state: undefined },
      );
    const { flow } = gradientFlow(model.parameters(), () =>
      task.loss(model.step(xs.at(-1) ?? y, state).y, y),
    );
    return { ...flow[0]?.states };
  });
  try {
    return await readAll(await measure(tensorOf(last.y), ...parts.map(({ x }) => tensorOf(x))));
  } finally {
    measure.dispose();
  }
}
