import { describe, expect, test } from "vitest";
import { HELP, parseArguments } from "../../../examples/memory/arguments.ts";

const NOTHING = {
  device: undefined,
  quick: false,
  seed: 1,
  lags: undefined,
  out: "out/memory.html",
};

describe("parseArguments of the memory experiment", () => {
  test("nothing said is a full run of all lags on the best device with seed 1", () => {
    expect(parseArguments([])).toEqual({ kind: "run", options: NOTHING });
  });

  test("values follow a space or an equals sign, and lags are sorted", () => {
    const options = { device: "cpu", quick: true, seed: 7, lags: [5, 20], out: "a.html" };
    const spaced = [
      "--device",
      "cpu",
      "--quick",
      "--seed",
      "7",
      "--lags",
      "20,5",
      "--out",
      "a.html",
    ];
    expect(parseArguments(spaced)).toEqual({ kind: "run", options });
    expect(
      parseArguments(["--device=cpu", "--quick", "--seed=7", "--lags=5,20,5", "--out=a.html"]),
    ).toEqual({ kind: "run", options });
  });

  test("--help wins and its text names every option", () => {
    expect(parseArguments(["--quick", "--help"])).toEqual({ kind: "help" });
    for (const flag of ["--lags", "--quick", "--device", "--seed", "--out", "--help"])
      expect(HELP).toContain(flag);
  });

  test("what is wrong is named", () => {
    const wrong = [
      [["--lag", "5"], "Unknown option --lag. Did you mean --lags?"],
      [["--lags", "5,x"], 'got "5,x"'],
      [["--lags", "1"], "from 2 to 10000"],
      [["--lags"], "got nothing"],
      [["--device", "tpu"], 'webgpu or cpu; got "tpu"'],
      [["--seed", "-1"], 'got "-1"'],
      [["--out="], "followed by a file"],
      [["--quick=no"], "takes no value"],
    ] as const;
    for (const [argv, message] of wrong) {
      expect(parseArguments(argv)).toMatchObject({
        kind: "error",
        message: expect.stringContaining(message),
      });
    }
  });
});
