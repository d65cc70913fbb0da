/** The page's address: which panel, in which language, on which device, with which settings. */
import { type PanelName, panelNames, panelSettings } from "../panels.ts";
import { type DeviceChoice, PACES, type Pace } from "../protocol.ts";
import { type AnyValues, readQuery, writeQuery } from "../settings.ts";
import { LANGUAGES, type Language } from "../words/language.ts";
import { trusted } from "./trust.ts";

export interface Place {
  readonly panel: PanelName;
  readonly language: Language;
  readonly device: DeviceChoice;
  readonly pace: Pace;
  readonly settings: AnyValues;
}

const DEVICES: readonly DeviceChoice[] = ["auto", "webgpu", "cpu"];

export function readAddress(search = location.search): Place {
  const query = new URLSearchParams(search);
  const oneOf = <T extends string>(name: string, all: readonly T[], otherwise: T) =>
    all.find((one) => one === query.get(name)) ?? otherwise;
  const panel = oneOf("panel", panelNames, "digits");
  const reads: Language = navigator.language.startsWith("ko") ? "ko" : "en";
  return {
    panel,
    language: oneOf("lang", LANGUAGES, reads),
    device: oneOf("device", DEVICES, "auto"),
    pace: oneOf("pace", PACES, "ease"),
    settings: trusted(panelSettings[panel], readQuery(panelSettings[panel], query)),
  };
}

/** What opens the same again, as the end of an address. */
export function addressOf({ panel, language, device, pace, settings }: Place): string {
  const query = new URLSearchParams({ panel, lang: language });
  if (device !== "auto") query.set("device", device);
  if (pace !== "ease") query.set("pace", pace);
  for (const [name, value] of writeQuery(panelSettings[panel], settings)) query.set(name, value);
  return `?${query}`;
}

let timer: ReturnType<typeof setTimeout> | undefined;
/** Writes the address behind the last of many changes: a browser refuses a hundred in a few seconds. */
export function writeAddress(place: Place): void {
  clearTimeout(timer);
  timer = setTimeout(() => history.replaceState(null, "", addressOf(place)), 200);
}
