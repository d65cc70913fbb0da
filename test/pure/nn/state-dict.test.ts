import { describe, expect, it } from "vitest";
import { ArgumentError, ShapeError } from "../../../src/errors.ts";
import { readSafetensors, readTorch } from "../../../src/io/index.ts";
import * as nn from "../../../src/nn/index.ts";
import { fromEntries, layoutOf, permuted, toEntries } from "../../../src/nn/state-layout.ts";
import { goldenPath } from "../../support/io/file-goldens.ts";

const counting = (length: number) => Float32Array.from({ length }, (_, i) => i + 1);

/** The state dict of parameters that have not left the host. */
function hostState(model: nn.Module): nn.StateDict {
  const entries = [...model.children.entries()].flatMap(([, [path, child]]) =>
    Object.entries(child.own).flatMap(([name, parameter]) => {
      const { variable } = parameter;
      const layout = layoutOf(name, parameter);
      const made = toEntries(Float32Array.from(variable.cell.host ?? []), variable.shape, layout);
      return made.map((entry, i) => [`${path}.${layout.names[i]}`, entry] as const);
    }),
  );
  return Object.fromEntries(entries);
}

const build = (seed: number) =>
  nn.sequential(
    nn.conv2d(2, 3, [2, 1], { seed }),
    nn.flatten(),
    nn.linear(6, 4, { seed }),
    nn.embedding(3, 2, { seed }),
    nn.lstm(2, 3, { layers: 2, seed }),
  );

describe("the layouts of a state dict", () => {
  const exported = (layer: nn.Module, name: string) => {
    const parameter = layer.own[name];
    if (parameter === undefined) throw new Error(`no parameter ${name}`);
    const { variable } = parameter;
    const entries = toEntries(counting(variable.size), variable.shape, layoutOf(name, parameter));
    return entries.map(({ shape, data }) => ({ shape, data: [...data] }));
  };

  it("transpose a linear weight", () => {
    expect(exported(nn.linear(2, 3), "weight")).toEqual([
      { shape: [3, 2], data: [1, 4, 2, 5, 3, 6] },
    ]);
  });

  it("put a convolution's channels in front", () => {
    // [KH, KW, IC, OC] = [2, 1, 1, 2]: element (row, out) is 2 · row + out + 1.
    expect(exported(nn.conv2d(1, 2, [2, 1]), "weight")).toEqual([
      { shape: [2, 1, 2, 1], data: [1, 3, 2, 4] },
    ]);
  });

  it("give a convolution in groups one group's input channels", () => {
    // [KH, KW, IC / groups, OC] = [1, 2, 1, 2]: element (column, out) is 2 · column + out + 1.
    expect(exported(nn.conv2d(2, 2, [1, 2], { groups: 2 }), "weight")).toEqual([
      { shape: [2, 1, 1, 2], data: [1, 3, 2, 4] },
    ]);
  });

  it("put an lstm's gates in front, then its units", () => {
    // [I, H, 4] = [1, 2, 4]: element (unit, gate) is 4 · unit + gate + 1.
    expect(exported(nn.lstm(1, 2), "weight_ih_l0")).toEqual([
      { shape: [8, 1], data: [1, 5, 2, 6, 3, 7, 4, 8] },
    ]);
    // [H, H, 4] as [previous unit][unit][gate]; rows are unit and gate, columns the previous unit.
    expect(exported(nn.lstm(1, 2), "weight_hh_l0")).toEqual([
      { shape: [8, 2], data: [1, 9, 5, 13, 2, 10, 6, 14, 3, 11, 7, 15, 4, 12, 8, 16] },
    ]);
  });

  it("give an lstm's bias as bias_ih, with zeros for bias_hh, and add the two up again", () => {
    const parameter = nn.lstm(1, 2).own.bias_l0;
    expect(parameter?.layout?.names).toEqual(["bias_ih_l0", "bias_hh_l0"]);
    expect(exported(nn.lstm(1, 2), "bias_l0")).toEqual([
      { shape: [8], data: [1, 5, 2, 6, 3, 7, 4, 8] },
      { shape: [8], data: [0, 0, 0, 0, 0, 0, 0, 0] },
    ]);
    const layout = parameter?.layout ?? { names: [], permutation: [], shape: [] };
    const halves = [counting(8), counting(8)].map((data) => ({ shape: [8], data }));
    expect([...fromEntries(halves, [2, 4], layout)]).toEqual([2, 6, 10, 14, 4, 8, 12, 16]);
  });

  it("permute any number of dimensions, empty ones included", () => {
    expect([...permuted(counting(6), [1, 2, 3], [2, 0, 1])]).toEqual([1, 4, 2, 5, 3, 6]);
    expect(permuted(new Float32Array(0), [2, 0], [1, 0])).toHaveLength(0);
    expect([...permuted(Float32Array.of(7), [], [])]).toEqual([7]);
  });
});

describe("loadStateDict", () => {
  it("gives a model the parameters of another", () => {
    const [from, to] = [build(1), build(2)];
    const state = hostState(from);
    expect(Object.keys(state)).toEqual([
      ...["0.weight", "0.bias", "2.weight", "2.bias", "3.weight"],
      ...["4.weight_ih_l0", "4.weight_hh_l0", "4.bias_ih_l0", "4.bias_hh_l0"],
      ...["4.weight_ih_l1", "4.weight_hh_l1", "4.bias_ih_l1", "4.bias_hh_l1"],
    ]);
    expect(hostState(to)).not.toEqual(state);
    to.loadStateDict(state);
    expect(to.parameters().map(({ cell }) => cell.host)).toEqual(
      from.parameters().map(({ cell }) => cell.host),
    );
  });

  it("says which names are missing and which are unexpected, and changes nothing", () => {
    const model = build(1);
    const before = hostState(model);
    const { "2.bias": _, ...rest } = hostState(build(2));
    const wrong = { ...rest, "2.weights": { shape: [1], data: counting(1) } };
    expect(() => model.loadStateDict(wrong)).toThrow(ArgumentError);
    expect(() => model.loadStateDict(wrong)).toThrow("got missing: 2.bias; unexpected: 2.weights");
    expect(hostState(model)).toEqual(before);
  });

  it("says which shape is wrong, and changes nothing", () => {
    const model = build(1);
    const before = hostState(model);
    const swapped = { ...hostState(build(2)), "2.weight": { shape: [6, 4], data: counting(24) } };
    expect(() => model.loadStateDict(swapped)).toThrow(ShapeError);
    expect(() => model.loadStateDict(swapped)).toThrow(
      "2.weight must be [4, 6]; got [6, 4] with 24 numbers.",
    );
    const short = { ...hostState(build(2)), "2.bias": { shape: [4], data: counting(3) } };
    expect(() => model.loadStateDict(short)).toThrow("2.bias must be [4]; got [4] with 3 numbers.");
    expect(hostState(model)).toEqual(before);
    model.loadStateDict(hostState(build(2)));
    expect(hostState(model)).toEqual(hostState(build(2)));
  });

  it("takes no inherited property for an entry", () => {
    const model = nn.sequential({ constructor: nn.linear(1, 1) });
    expect(() => model.loadStateDict({})).toThrow("missing: constructor.weight, constructor.bias");
  });

  describe("of a backbone", () => {
    const body = (seed: number) => nn.sequential(nn.linear(2, 3, { seed }), nn.relu());
    const model = () => nn.sequential({ body: body(1), head: nn.linear(3, 4, { seed: 1 }) });
    const saved = () => {
      const of = hostState(nn.sequential({ a: nn.linear(2, 3, { seed: 9 }) }));
      return {
        "net.body.0.weight": of["a.weight"] ?? { shape: [], data: [] },
        "net.body.0.bias": of["a.bias"] ?? { shape: [], data: [] },
        "net.old.weight": { shape: [1], data: [1] },
        "optimizer.step": { shape: [], data: [1] },
      };
    };
    const how = { prefix: "net.", allowMissing: true, allowUnexpected: true };
    const hostOf = (variable: { readonly cell: { readonly host: unknown } } | undefined) =>
      variable?.cell.host;

    it("loads what is there, keeps the rest, and says which", () => {
      const loaded = model();
      expect(loaded.loadStateDict(saved(), how)).toEqual({
        loaded: ["body.0.weight", "body.0.bias"],
        missing: ["head.weight", "head.bias"],
        unexpected: ["old.weight"],
      });
      const named = loaded.namedParameters();
      const source = nn.linear(2, 3, { seed: 9 }).namedParameters();
      expect(hostOf(named.get("body.0.weight"))).toEqual(hostOf(source.get("weight")));
      expect(hostOf(named.get("head.weight"))).toEqual(
        hostOf(model().namedParameters().get("head.weight")),
      );
    });

    it("is refused where one of these is not allowed, and nothing changes", () => {
      for (const less of [{ allowMissing: false }, { allowUnexpected: false }, { prefix: "" }]) {
        const loaded = model();
        const before = loaded.parameters().map(hostOf);
        const all = { ...how, ...less };
        const load = () => loaded.loadStateDict(saved(), all);
        if (all.prefix === "") expect(load().loaded).toEqual([]);
        else expect(load).toThrow(ArgumentError);
        expect(loaded.parameters().map(hostOf)).toEqual(before);
      }
      const wrong = { ...saved(), "net.body.0.bias": { shape: [4], data: counting(4) } };
      expect(() => model().loadStateDict(wrong, how)).toThrow(ShapeError);
    });

    it("of a bias that stands there as two both must be there", () => {
      const lstm = () => nn.lstm(1, 1);
      const entry = (...shape: number[]) => ({ shape, data: counting(4) });
      const dict = { weight_ih_l0: entry(4, 1), weight_hh_l0: entry(4, 1), bias_ih_l0: entry(4) };
      expect(() => lstm().loadStateDict(dict, { allowMissing: true })).toThrow("bias_hh_l0");
      const { bias_ih_l0: _, ...weights } = dict;
      expect(lstm().loadStateDict(weights, { allowMissing: true }).missing).toEqual([
        "bias_ih_l0",
        "bias_hh_l0",
      ]);
    });

    it("says what it can be told", () => {
      const wrong = { allowmissing: true } as never;
      expect(() => model().loadStateDict(saved(), wrong)).toThrow("Did you mean allowMissing?");
    });
  });

  it("takes a whole file of PyTorch's", async () => {
    const model = nn.sequential({
      embedding: nn.embedding(7, 3),
      lstm: nn.lstm(3, 4),
      norm: nn.batchNorm1d(4),
      linear: nn.linear(4, 2),
    });
    for (const { tensors } of [
      await readTorch(goldenPath("model-2.pt")),
      await readSafetensors(goldenPath("model.safetensors")),
    ]) {
      expect(model.loadStateDict(tensors).loaded.length).toBe(12);
      const bias = model.namedParameters().get("linear.bias")?.cell.host;
      expect(bias).toEqual(tensors["linear.bias"]?.data);
    }
  });
});
