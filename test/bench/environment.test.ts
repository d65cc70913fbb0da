import { expect, it } from "vitest";
import { engineEnvironment } from "../../bench/runner/line-host.ts";

it("engines are not told of another processor than there is", () => {
  const given = {
    PATH: "/bin",
    OPENBLAS_CORETYPE: "Haswell",
    OPENBLAS_L2_SIZE: "1",
    OMP_NUM_THREADS: "2",
  };
  expect(engineEnvironment(given)).toEqual({ PATH: "/bin", OMP_NUM_THREADS: "2" });
});
