/** A cell of the user's own, `--cell ./my-cell.ts`, that is measured beside the others. */
import { ArgumentError, type Cell, nn } from "gradgpu";
import { exportsOf, importOwn, telling } from "../../scripts/own-file.ts";
import { isBuiltIn, type OwnCell } from "./model.ts";

const PROGRAM = "experiment:memory";
const REMEDY = "Write export default cell({ name, states, sums, step }), see docs/cells.md.";

/** @throws GradgpuError where the file is not there, cannot be imported, or has no cell as its default export */
export async function readOwnCell(name: string): Promise<OwnCell> {
  const { path, exports } = await importOwn(PROGRAM, name, "Give the path of a file with a cell.");
  const { default: cell, bias } = exports;
  if (cell === undefined) {
    throw new ArgumentError(
      `${PROGRAM}: ${name} must have a cell as its default export; got ${exportsOf(exports)}. ${REMEDY}`,
    );
  }
  if (bias !== undefined && typeof bias !== "function") {
    throw new ArgumentError(
      `${PROGRAM}: bias of ${name} must be a function of the steps to remember; got ${typeof bias}. Leave it out where biases start as a layer's do.`,
    );
  }
  // A layer of it can be made, and a bias that is not what it should be shows at once.
  const own = { cell: cell as Cell, ...(bias && { bias: bias as NonNullable<OwnCell["bias"]> }) };
  await telling(`${PROGRAM}: the default export of ${name} must be a cell`, path, () =>
    nn.recurrent(own.cell, 1, 1, own.bias && { initialiseBias: own.bias(10) }),
  );
  if (!isBuiltIn(own.cell.name)) return own;
  throw new ArgumentError(
    `${PROGRAM}: the cell of ${name} must have a name of its own; got "${own.cell.name}", which is measured anyway. Call it something else.`,
  );
}
