import type { PanelContext } from "../../page/panel.ts";
import type { DigitsPictures } from "./pictures.ts";
import type { digitsSettings } from "./settings.ts";
import type { State } from "./state.ts";
import type { DigitsWords } from "./words/en.ts";

/** What a section of this panel is made with. */
export interface Context extends PanelContext<DigitsPictures, typeof digitsSettings, DigitsWords> {
  readonly state: State;
}
