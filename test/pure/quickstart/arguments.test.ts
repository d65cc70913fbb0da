import { describe, expect, test } from "vitest";
import { HELP, parseArguments } from "../../../examples/quickstart/arguments.ts";

describe("parseArguments", () => {
  test("nothing said is a full run on the best device with seed 1", () => {
    expect(parseArguments([])).toEqual({
      kind: "run",
      options: { device: undefined, quick: false, resume: false, seed: 1 },
    });
  });

  test("values follow a space or an equals sign", () => {
    const options = { device: "cpu", quick: true, resume: true, seed: 7 };
    expect(parseArguments(["--device", "cpu", "--quick", "--resume", "--seed", "7"])).toEqual({
      kind: "run",
      options,
    });
    expect(parseArguments(["--seed=7", "--device=cpu", "--quick", "--resume"])).toEqual({
      kind: "run",
      options,
    });
  });

  test("--help wins and its text names every option", () => {
    expect(parseArguments(["--quick", "--help"])).toEqual({ kind: "help" });
    for (const flag of ["--device", "--quick", "--seed", "--help"]) expect(HELP).toContain(flag);
  });

  test("an unknown option suggests the nearest one", () => {
    expect(parseArguments(["--devise", "cpu"])).toMatchObject({
      kind: "error",
      message: expect.stringContaining("Unknown option --devise. Did you mean --device?"),
    });
    expect(parseArguments(["fast"])).toMatchObject({
      message: expect.not.stringContaining("Did you mean"),
    });
  });

  test("wrong values are named", () => {
    const wrong = [
      [["--device", "tpu"], 'webgpu or cpu; got "tpu"'],
      [["--device"], "webgpu or cpu; got nothing"],
      [["--seed", "-1"], 'got "-1"'],
      [["--seed=1.5"], 'got "1.5"'],
      [["--seed=4294967296"], "0 to 4294967295"],
      [["--seed="], 'got ""'],
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
