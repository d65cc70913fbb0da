/** The page's side of the machine. */
import "./machine.css";
import type { PanelPage } from "../../page/panel.ts";
import type { MachinePictures } from "./pictures.ts";
import { benchSection } from "./sections/bench.ts";
import { deviceSection, loseSection } from "./sections/device.ts";
import { memorySection } from "./sections/memory.ts";
import { planSection } from "./sections/plan.ts";
import { timelineSection } from "./sections/timeline.ts";
import type { machineSettings } from "./settings.ts";
import type { MachineWords } from "./words/en.ts";

export const machinePanel: PanelPage<MachinePictures, typeof machineSettings, MachineWords> = {
  curves: [{ values: ["loss"], unit: (words) => (words as MachineWords).lossUnit }],
  figures: [{ value: "loss", format: (loss) => loss.toFixed(3) }],
  mount(context) {
    const showClock = deviceSection(context);
    loseSection(context);
    const timeline = timelineSection(context, (kernel) => plan.mark(kernel));
    const plan = planSection(context, (kernel) => timeline.pick(kernel));
    memorySection(context);
    context.curves();
    benchSection(context);
    context.remote.watch(timeline.canvas, "timeline", undefined, (answer) => {
      if (answer === undefined) return;
      plan.show(answer);
      timeline.show(answer);
      showClock(answer);
    });
  },
};
