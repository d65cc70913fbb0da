/** What can be used on the page, found in the DOM itself, and what is to be seen of the page: whatever acts changes it. */
import type { Page } from "puppeteer-core";
import { expect } from "vitest";
import { START_MS } from "../../src/testing/browser/launch.ts";

export interface Control {
  /** Where it stands and what it is: the same after its section was made anew. */
  readonly key: string;
  readonly tag: string;
  readonly type: string;
  /** As `name: value`, of its data attributes. */
  readonly data: string;
  readonly isDisabled: boolean;
}

/** The mark by which a control is found again. */
const MARK = "data-test-control";

/**
 * Everything that takes a pointer or keys and is seen, each marked with its place in the list. What is kept in a table or
 * was found comes and goes: one stands for all.
 */
export async function controlsOf(page: Page): Promise<Control[]> {
  const found = await page.evaluate(`(() => {
    const main = document.querySelector("main");
    const all = main.querySelectorAll("button, input, select, textarea, summary, canvas[tabindex]");
    const seen = new Map();
    document.querySelectorAll("[${MARK}]").forEach((one) => one.removeAttribute("${MARK}"));
    for (const element of [document.querySelector("[data-tool=theme]"), ...all]) {
      const isHidden = !element.checkVisibility() || element.closest(".visually-hidden") !== null;
      if (isHidden && element.type !== "file") continue;
      const section = element.closest("section")?.querySelector("h2")?.textContent ?? "";
      const data = Object.entries(element.dataset).filter(([name]) => name !== "testControl")
        .map(([name, value]) => name + ": " + value).join(", ");
      // What it says of its own value, and what a picture says of what it shows, changes.
      const words = (node) => [...node?.childNodes ?? []].filter(({ localName }) => localName !== "output")
        .map(({ textContent }) => textContent).join("");
      const label = element.closest("tbody, .found") ? "in a row" : element.tagName === "CANVAS" ? ""
        : data || element.getAttribute("aria-label") || words(element.labels?.[0]) || element.textContent;
      const type = element.type ?? element.getAttribute("role") ?? "";
      const key = [section, element.localName, type, label].join(" | ");
      let own = key;
      for (let n = 2; seen.has(own) && !element.closest("tbody, .found"); n++) own = key + " " + n;
      if (seen.has(own)) continue;
      element.setAttribute("${MARK}", own);
      seen.set(own, { key: own, tag: element.localName, type, data, isDisabled: element.disabled === true });
    }
    return [...seen.values()];
  })()`);
  // As it was put together above.
  return found as Control[];
}

export const selectorOf = ({ key }: Control) => `[${MARK}=${JSON.stringify(key)}]`;

/**
 * A text of all that can be seen of the page: address, words, attributes, what is set, every canvas' pixels. Of a control
 * itself and what echoes it, its label and its neighbours in a choice, nothing: that would change in any case.
 */
export async function looksOf(page: Page, without: Control | undefined): Promise<string> {
  const looks = await page.evaluate(`(() => {
    const own = ${without === undefined ? "null" : `document.querySelector(${JSON.stringify(selectorOf(without))})`};
    // A picture that is used shows itself what comes of it.
    const echo = own?.tagName === "CANVAS" ? null : own?.closest(".field, .choices, label") ?? own;
    const parts = [location.href, document.documentElement.outerHTML.slice(0, 200)];
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT, {
      acceptNode: (node) => node === echo ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT,
    });
    while (walk.nextNode()) {
      const node = walk.currentNode;
      if (node.nodeType === Node.TEXT_NODE) { parts.push(node.data); continue; }
      for (const { name, value } of node.attributes) if (name !== "${MARK}") parts.push(name + "=" + value);
      if ("value" in node && node.localName !== "li") parts.push(String(node.value), String(node.checked));
      if (node.localName === "canvas" && node.width > 0 && node.height > 0) {
        const { data } = node.getContext("2d").getImageData(0, 0, node.width, node.height);
        const words = new Uint32Array(data.buffer);
        let hash = 17;
        for (let i = 0; i < words.length; i++) hash = (Math.imul(hash, 31) + words[i]) | 0;
        parts.push(String(hash));
      }
    }
    return parts.join("\\n");
  })()`);
  return looks as string;
}

/** Waits, in a pause, until the worker has answered all that it was asked; not where another training is opened meanwhile. */
export async function rest(page: Page): Promise<boolean> {
  return (await page.evaluate(`gradgpuDemo.rest().then(() => true, () => false)`)) === true;
}

/** What is read when it has stayed the same for more than a second, and the worker has nothing left to do. */
export async function settled(
  page: Page,
  read: () => Promise<string> = () => looksOf(page, undefined),
): Promise<string> {
  let [last, same] = ["", 0];
  const again = async () => {
    const isAtRest = await rest(page);
    const now = await read();
    same = isAtRest && now === last ? same + 1 : 0;
    last = now;
    return same;
  };
  await expect.poll(again, { timeout: START_MS, interval: 200 }).toBeGreaterThan(6);
  return last;
}
