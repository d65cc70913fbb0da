/**
 * `npm run demo:screens [-- --panel digits --steps 200]`: pictures of every panel, on a phone and a desktop, light and dark,
 * in every language, after so many steps, in out/screens/. Settings are open, a run is kept beside, and what is measured at
 * a press has been.
 */
import { mkdir } from "node:fs/promises";
import { panelNames } from "../demo/panels.ts";
import { LANGUAGES } from "../demo/words/language.ts";
import { endDemos, openDemo, press, trainTo } from "../test/demo/open-demo.ts";
import { command } from "./command.ts";

const USAGE = `npm run demo:screens -- [options]
  --panel p     one of ${panelNames.join(", ")} (all)
  --steps n     of training before a picture (200)
  --device d    cpu or webgpu (cpu)`;

const { values } = command(USAGE, {
  panel: { type: "string" },
  steps: { type: "string", default: "200" },
  device: { type: "string", default: "cpu" },
});
const FOLDER = "out/screens";
/** Everything is on screen, so that everything is drawn. */
const HEIGHT = 10_000;
const WIDTHS = { phone: 390, desktop: 1280 } as const;

/** What is measured at a press, and when it has been: of seven lags four cells, of the benchmark four cases. */
const MEASURED = [
  ["[data-do=cost]", `document.querySelector("[data-done=true]")`],
  ["[data-do=sweep]", `document.querySelector("[data-points='28']")`],
  ["[data-machine=bench]", `document.querySelectorAll("[data-case] ul").length === 4`],
] as const;

await mkdir(FOLDER, { recursive: true });
try {
  for (const panel of panelNames.filter((name) => (values.panel ?? name) === name)) {
    for (const language of LANGUAGES) await shoot(panel, language);
  }
} finally {
  await endDemos();
}

async function shoot(panel: string, language: string): Promise<void> {
  const query = `?panel=${panel}&lang=${language}&device=${values.device}&pace=full`;
  const { page, errors, close } = await openDemo(query);
  await page.setViewport({ width: WIDTHS.desktop, height: HEIGHT });
  await trainTo(page, 40);
  await press(page, "[data-run=reset]");
  await page.waitForSelector(".runs tbody tr");
  await page.waitForSelector("article[data-state=paused][data-step='0']");
  await trainTo(page, Number(values.steps));
  await page.$eval(".settings", (settings) => settings.setAttribute("open", ""));
  for (const [button, measured] of MEASURED) {
    if ((await page.$(button)) === null) continue;
    await press(page, button);
    await page.waitForFunction(measured, { timeout: 300_000 });
  }
  for (const [size, width] of Object.entries(WIDTHS)) {
    await page.setViewport({ width, height: HEIGHT });
    for (const scheme of ["light", "dark"]) {
      await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
      // Pictures come when the page has asked for them and drawn them.
      await new Promise((resolve) => setTimeout(resolve, 1500));
      const path = `${FOLDER}/${panel}-${size}-${scheme}-${language}.png` as const;
      const height = await page.$eval(
        "article",
        (article) => article.getBoundingClientRect().bottom,
      );
      await page.screenshot({ path, clip: { x: 0, y: 0, width, height: height + 40 } });
      console.log(path);
    }
  }
  for (const error of errors) console.error(`${panel}, ${language}: ${error}`);
  await close();
}
