/** Docstrings are the reference: everything that users can name has one, and what can throw says what. */
import { expect, test } from "vitest";
import { ANYWHERE, ErrorReach } from "../../support/public-api/errors.ts";
import { readPublicApi } from "../../support/public-api/read.ts";

const api = readPublicApi();
const reach = new ErrorReach(api);
const names = api.names.map((name) => ({ ...name, errors: reach.of(name.bodies) }));

const ERROR = /\b[A-Z][A-Za-z]*Error\b/g;
/** By name: what a docstring may name. */
const classes = names.flatMap(({ path }) => /[A-Z]\w*Error$/.exec(path) ?? []);
/** Which of them the sources make where a call can be seen to lead; others come through devices and places. */
const SEEN = ["ArgumentError", "DTypeError", "ShapeError"];

test("there is a public API to look at", () => {
  expect(names.length).toBeGreaterThan(1_000);
  expect(names.filter(({ errors }) => errors.length > 0).length).toBeGreaterThan(400);
});

test("every public name, and every member of one, has a docstring", () => {
  const silent = names
    // A constructor is what its class says.
    .filter(({ path, says }) => says === "" && !path.endsWith(".new"))
    .map(({ path, place }) => `${path} (${place})`);
  expect(silent).toEqual([]);
});

test("whatever can end in a typed error says which", () => {
  const silent = names
    .filter(({ errors, throws }) => {
      const own = errors.filter((error) => classes.includes(error) && !ANYWHERE.includes(error));
      return own.length > 0 && !throws?.match(ERROR);
    })
    .filter(({ path }) => !RUNS_LATER.test(path))
    .map(({ path, place }) => `${path} (${place})`);
  expect(silent).toEqual([]);
});

/** Constants that are called by others, and what runs whatever was asked for before: its errors are told there. */
const RUNS_LATER =
  /^cells\.\w+$|^(nn\.)?(Runtime|StatefulSession|Tensor|Trainer|Variable)\.(close|dispose|value|state|reset|data|item)$/;

test("an error that a docstring names is one of gradgpu's, and one that the call can end in", () => {
  const wrong = names.flatMap(({ path, throws, bodies, errors, place }) => {
    const named = [...new Set(throws?.match(ERROR) ?? [])];
    return named
      .filter(
        (error) =>
          !classes.includes(error) ||
          (bodies.length > 0 && SEEN.includes(error) && !errors.includes(error)),
      )
      .map((error) => `${path} (${place}): ${error}`);
  });
  expect(wrong).toEqual([]);
});
