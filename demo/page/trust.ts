/** Code that comes with an address, which anyone may have written, runs after a click; what ran here before runs again. */
import type { AnyValues, Settings, Value } from "../settings.ts";

const KEY = "gradgpu-code";

/** `values` with the default in place of code that has not been run here. */
export function trusted(settings: Settings, values: AnyValues): AnyValues {
  const run = localStorage.getItem(KEY);
  const untrusted = codeIn(settings, values).filter(([, code]) => code !== run);
  return {
    ...values,
    ...Object.fromEntries(untrusted.map(([name]) => [name, settings[name]?.default ?? ""])),
  };
}

/** The visitor has said that the code among `values` is to run. */
export function trust(settings: Settings, values: Readonly<Record<string, Value>>): void {
  for (const [, code] of codeIn(settings, values)) localStorage.setItem(KEY, String(code));
}

function codeIn(settings: Settings, values: Readonly<Record<string, Value>>): [string, Value][] {
  return Object.entries(values).filter(([name]) => {
    const setting = settings[name];
    return setting?.kind === "text" && setting.isCode === true;
  });
}
