/**
 * npm run bench:site: builds the page that runs the suite in any browser, as static files, into out/bench/site; with
 * --serve it is served, too.
 */
import { join } from "node:path";
import { buildSite, copyPeerFiles, repository, writeFacts } from "./runner/build.ts";
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
writeFacts(site, built);
say(`built ${site}, to be served by any host that sends`);
say("Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp");
if (process.argv.includes("--serve")) {
  const { origin } = await serveFiles({ "/": site }, 8123);
  say(`open ${origin} in the browser to be measured`);
}
