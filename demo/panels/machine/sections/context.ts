import type { PanelContext } from "../../../page/panel.ts";
import type { MachinePictures } from "../pictures.ts";
import type { machineSettings } from "../settings.ts";
import type { MachineWords } from "../words/en.ts";

export type MachineContext = PanelContext<MachinePictures, typeof machineSettings, MachineWords>;
export type Timeline = NonNullable<MachinePictures["timeline"]["answer"]>;
