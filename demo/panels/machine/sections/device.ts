/** Which device runs, and why; and what becomes of it when it is taken away. */
import { h, on } from "../../../page/dom.ts";
import type { OpenedDevice } from "../../../protocol.ts";
import type { MachineContext, Timeline } from "./context.ts";
import { Facts } from "./facts.ts";

export function deviceSection({ section, words, common, remote }: MachineContext) {
  const { device } = words;
  const body = section({ title: device.title, text: device.text });
  const { kind, description, why, threads, clock } = device;
  const facts = new Facts({ kind, description, why, threads, clock });
  body.append(facts.element);
  remote.listen((event) => {
    if (event.kind === "opened") show(event.device);
    else if (event.kind === "recovered") facts.write("description", event.change.to);
  });
  function show(opened: OpenedDevice): void {
    facts.write("kind", common.devices[opened.device]);
    facts.write("description", opened.description);
    facts.write("why", device.whys[opened.why]);
    const ofCpu = crossOriginIsolated ? device.manyThreads : device.oneThread;
    facts.write("threads", opened.device === "cpu" ? ofCpu : device.noThreads);
  }
  return (timeline: Timeline) => facts.write("clock", device.clocks[timeline.clock]);
}

export function loseSection({ section, words, remote }: MachineContext): void {
  const { lose } = words;
  const body = section({
    title: lose.title,
    text: lose.text,
    code: () => import("../snippets/recovery.ts?raw"),
  });
  const button = h(
    "button",
    { type: "button", "data-machine": "lose", disabled: true },
    lose.destroy,
  );
  const said = h("p", { class: "quiet", role: "status" }, lose.none);
  const events = h("ul", { class: "machine-events" });
  body.append(button, said, events);
  on(button, "click", () => {
    remote.tell("lose");
    said.textContent = lose.waiting;
  });
  remote.listen((event) => {
    if (event.kind === "opened") {
      button.disabled = event.device.device !== "webgpu";
      said.textContent = button.disabled ? lose.noGpu : lose.none;
      events.replaceChildren();
    } else if (event.kind === "recovered") {
      const { from, to, step, resumedFrom, elapsedMs } = event.change;
      const text = lose.event(from, to, step, resumedFrom, Math.round(elapsedMs));
      events.prepend(h("li", {}, text));
      said.textContent = "";
    }
  });
}
