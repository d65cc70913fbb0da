/** npm run bench:page: builds the page that runs the suite in any browser into out/bench/site, and serves it. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildSite, copyPeerFiles, repository, siteFacts } from "./runner/build.ts";
import { ENGINE_NAMES, ENGINES } from "./runner/engines.ts";
import { installPeers } from "./runner/peers.ts";
import { serveFiles } from "./runner/serve.ts";

const site = join(repository, "out/bench/site");
const say = (text: string) => process.stderr.write(`${text}\n`);
const withoutPeers = installPeers(say);
if (withoutPeers !== undefined) say(`without peers: ${withoutPeers}`);
const names = ENGINE_NAMES.filter(
  (name) => ENGINES[name].isOwn || (withoutPeers === undefined && name !== "torch"),
);
const failures = await buildSite(
  site,
  names.flatMap((name) => ENGINES[name].module ?? []),
);
for (const [module, why] of failures) say(`${module}: ${why}`);
if (withoutPeers === undefined) copyPeerFiles(site);
const built = names.filter((name) => {
  const { module } = ENGINES[name];
  return module !== undefined && !failures.has(module);
});
writeFileSync(join(site, "site.json"), JSON.stringify(siteFacts(built)));
if (process.argv.includes("--build-only")) say(`built ${site}`);
else {
  const { origin } = await serveFiles({ "/": site }, 8123);
  say(
    `open ${origin} in the browser to be measured; the folder ${site} can be served by any host that sends`,
  );
  say("Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp");
}
