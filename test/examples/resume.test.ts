/** `examples/resume` as somebody tries it: killed in Node, reloaded in a page, it goes on where it was. */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openPage, type TestPage } from "../support/chrome.ts";
import { startNode } from "./run-node.ts";

const EXAMPLE = "examples/resume/resume.ts";

describe("in Node", () => {
  const folders: string[] = [];
  const folderOfItsOwn = async () => {
    const folder = await mkdtemp(join(tmpdir(), "gradgpu-resume-"));
    folders.push(folder);
    return folder;
  };
  afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

  const weightsIn = (stdout: string) => /\d+ steps, weights ([0-9a-f]{8})/.exec(stdout)?.[1];

  it("a training that is killed comes to the weights of one that is not", async () => {
    const whole = await startNode(EXAMPLE, [], await folderOfItsOwn()).ended;
    expect(whole).toMatchObject({ code: 0, stderr: "" });
    const folder = await folderOfItsOwn();
    const killed = startNode(EXAMPLE, [], folder);
    await killed.wrote(/epoch 2,/);
    const isWritten = async () => {
      const names = await readdir(folder, { recursive: true });
      return names.some((name) => /step-\d+\.safetensors$/.test(name));
    };
    while (!(await isWritten())) await new Promise((resolve) => setTimeout(resolve, 5));
    killed.process.kill("SIGKILL");
    await killed.ended;
    const after = await startNode(EXAMPLE, [], folder).ended;
    expect(after).toMatchObject({ code: 0, stderr: "" });
    expect(after.stdout).toMatch(/^From step [1-9]\d*, in epoch \d+: out\/resume\/60-64\.$/m);
    expect(weightsIn(after.stdout)).toBe(weightsIn(whole.stdout));
    expect(weightsIn(after.stdout)).toBeDefined();
  });
});

describe("in a page", () => {
  let opened: TestPage;
  beforeAll(async () => {
    opened = await openPage();
    const { page } = opened;
    await page.goto(new URL("/examples/resume/index.html", page.url()).href);
  });
  afterAll(() => opened.close());

  /** What the page tells, the latest first. */
  const tells = (pattern: string) =>
    opened.page.waitForFunction(
      (wanted) => new RegExp(wanted).exec(document.querySelector("#told")?.textContent ?? "")?.[0],
      { timeout: 0 },
      pattern,
    );
  const written = () =>
    opened.page.waitForFunction(
      async () => {
        const root = await navigator.storage.getDirectory();
        const folder = await root.getDirectoryHandle("gradgpu-resume", { create: true });
        for await (const name of (folder as unknown as { keys(): AsyncIterable<string> }).keys())
          if (/^step-/.test(name)) return true;
        return false;
      },
      { timeout: 0 },
    );

  it("a reload goes on, and a click begins anew", async () => {
    const { page, errors } = opened;
    await tells("From the beginning\\.");
    await tells("epoch \\d+: loss \\d");
    await written();
    await page.reload();
    await tells("From step [1-9]\\d*, in epoch \\d+\\.");
    await tells("epoch \\d+: loss \\d");
    await page.click("#anew");
    await tells("From the beginning\\.");
    expect(errors).toEqual([]);
  });
});
