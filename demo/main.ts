/** The page: opens the device that the address asks for (?device=webgpu|cpu) and offers both networks. */
import { init } from "gradgpu";
import { STYLE } from "../examples/quickstart/report/style.ts";
import { addCard } from "./card.ts";
import { networkKinds } from "./networks.ts";

const style = document.createElement("style");
style.textContent = STYLE;
document.head.prepend(style);

const wanted = new URLSearchParams(location.search).get("device");
for (const link of document.querySelectorAll<HTMLAnchorElement>(".choices a")) {
  if (new URLSearchParams(link.search).get("device") === wanted) {
    link.setAttribute("aria-current", "page");
  }
}
await open();

/** For programs, the body has data-device and data-why; data-device is "none" where none could be opened. */
async function open(): Promise<void> {
  const status = document.getElementById("device");
  const networks = document.getElementById("networks");
  if (status === null || networks === null) throw new Error("The page is not complete.");
  try {
    const device = wanted === "webgpu" || wanted === "cpu" ? wanted : "auto";
    const opened = await init({ device, seed: 1 });
    status.textContent = `Device: ${opened.device} (${opened.description}), because ${opened.why}.`;
    document.body.dataset.device = opened.device;
    document.body.dataset.why = opened.why;
  } catch (error) {
    status.textContent = error instanceof Error ? error.message : String(error);
    status.setAttribute("role", "alert");
    document.body.dataset.device = "none";
    return;
  }
  await Promise.all(networkKinds.map((kind) => addCard(networks, kind)));
}
