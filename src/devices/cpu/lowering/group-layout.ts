/** Along which dimensions a group's function walks, and how its inputs, indices and stores lie there. */
import { type GroupProgram, levelsOf, type View } from "../../../scheduler/group-program.ts";
import { type Shape, sizeOf, stridesOf } from "../../../tensor/shape.ts";
import type { Reach } from "../emit/structure.ts";

/** As in wasm/group.ts. */
export const Mode = { direct: 0, gathered: 1, scattered: 2, index: 3, indexBlock: 4 } as const;

export interface Lie extends Reach {
  readonly mode: number;
}

export interface Layout {
  readonly template: "rows" | "columns";
  /** Whether the elements of a row lie in runs, the first element dimension counts them, and each is a chunk. */
  readonly isInRuns: boolean;
  /** Rows that are brought into blocks together: of a transposed input each of its cache lines holds so many. */
  readonly tile: number;
  /** How many of the dimensions number items; the others are their elements. */
  readonly kept: number;
  readonly inputs: readonly Lie[];
  readonly indices: readonly Lie[];
  readonly stores: readonly Lie[];
}

/** As in wasm/strides.ts. */
const TILE = 16;

/** Shorter rows than this are not walked one by one where blocks can take several together. */
const SHORT = 2;
/** Rows that are long enough to be gathered one by one. */
const LONG = 128;

/** Whether anything is made once for each item, so that its dimensions are not to be walked in another way. */
export function hasRows({ kept, instructions, stores }: GroupProgram): boolean {
  return (
    instructions.some(({ kind }) => kind === "reduce") ||
    stores.some(({ strides }) => isPerItem(strides, kept))
  );
}

const isPerItem = (strides: readonly number[], kept: number): boolean =>
  kept < strides.length && strides.slice(kept).every((stride) => stride === 0);

/** How `program` is walked. */
export function layoutOf(program: GroupProgram): Layout {
  if (!hasRows(program)) return elementwiseLayout(program);
  const rows = rowsLayout(program, program.kept);
  if (blocksIn(rows) === 0) return rows;
  return fitsColumns(program) ? columnsLayout(program) : rows;
}

/** The layout of a program with other stores than one that has been laid out already. */
export function layoutLike({ template, isInRuns }: Layout, program: GroupProgram): Layout {
  if (template === "columns") return columnsLayout(program);
  return isInRuns ? runsLayout(program) : rowsLayout(program, program.kept);
}

/** Elements of a run that are worth partial results of its own. */
const RUN = 256;

/** Rows in runs, if nothing has to go by way of a block then. */
export function runsLayout(program: GroupProgram): Layout {
  return { ...rowsLayout(program, program.shape.length - 1), kept: program.kept, isInRuns: true };
}

export function fitsRuns(program: GroupProgram): boolean {
  const { shape, kept } = program;
  return (
    shape.length - kept === 2 && (shape.at(-1) ?? 0) >= RUN && blocksIn(runsLayout(program)) === 0
  );
}

/** How many entries have to go by way of blocks. */
export function blocksIn({ inputs, indices, stores }: Layout): number {
  return [...inputs, ...indices, ...stores].filter(
    ({ mode }) => mode !== Mode.direct && mode !== Mode.index,
  ).length;
}

/** As many dimensions as possible are walked as one, without blocks if it can be. */
function elementwiseLayout(program: GroupProgram): Layout {
  const { shape } = program;
  const flat = rowsLayout(program, 0);
  if (blocksIn(flat) === 0) return flat;
  for (let kept = 1; kept < shape.length; kept++) {
    if (sizeOf(shape.slice(kept)) < SHORT) break;
    const layout = rowsLayout(program, kept);
    if (blocksIn(layout) === 0) return layout;
  }
  const last = shape.length - 1;
  const transposed = rowsLayout(program, last);
  if (last > 0 && isTransposed(program, transposed)) return { ...transposed, tile: TILE };
  return (shape[last] ?? 0) >= LONG ? rowsLayout(program, last) : flat;
}

/** Whether something that has to be brought into blocks lies side by side down the columns of the last two dimensions. */
function isTransposed({ shape, inputs, stores }: GroupProgram, layout: Layout): boolean {
  const down = shape.length - 2;
  const lies = [...layout.inputs, ...layout.stores];
  return [...inputs, ...stores].some(
    ({ strides }, i) => lies[i]?.mode !== Mode.direct && strides[down] === 1,
  );
}

/** Each item a row of the dimensions behind the first `kept`. */
export function rowsLayout({ shape, inputs, indices, stores }: GroupProgram, kept: number): Layout {
  const sizes = shape.slice(kept);
  const lies =
    (apart: number) =>
    ({ strides }: View): Lie => {
      const isPerElement = strides.slice(kept).some((stride) => stride !== 0);
      const isDense = !isPerElement || isEven(strides.slice(kept), sizes, 1);
      return { isPerElement, isVector: isPerElement, mode: isDense ? Mode.direct : apart };
    };
  const counted = ({ strides }: View): Lie => {
    const own = strides.slice(kept);
    const isPerElement = own.some((stride) => stride !== 0);
    const mode = isEven(own, sizes, own.at(-1) ?? 0) ? Mode.index : Mode.indexBlock;
    return { isPerElement, isVector: isPerElement, mode };
  };
  return {
    template: "rows",
    isInRuns: false,
    tile: 1,
    kept,
    inputs: inputs.map(lies(Mode.gathered)),
    indices: indices.map(counted),
    stores: stores.map(lies(Mode.scattered)),
  };
}

/** Whether elements in the order of their dimensions lie `step` apart. */
function isEven(strides: readonly number[], sizes: Shape, step: number): boolean {
  return stridesOf(sizes).every((dense, d) => strides[d] === dense * step);
}

function fitsColumns({ shape, kept, inputs, stores }: GroupProgram): boolean {
  const lane = (view: View) => view.strides[kept - 1];
  return (
    kept > 0 &&
    shape.length - kept <= 2 &&
    inputs.every((view) => lane(view) === 0 || lane(view) === 1) &&
    stores.every((view) => lane(view) === 1)
  );
}

function columnsLayout({ kept, inputs, indices, stores }: GroupProgram): Layout {
  const lies =
    (mode: number) =>
    ({ strides }: View): Lie => ({
      isPerElement: strides.slice(kept).some((stride) => stride !== 0),
      isVector: strides[kept - 1] !== 0,
      mode,
    });
  return {
    template: "columns",
    isInRuns: false,
    tile: 1,
    kept,
    inputs: inputs.map(lies(Mode.direct)),
    indices: indices.map(lies(Mode.index)),
    stores: stores.map(lies(Mode.direct)),
  };
}

/** How many passes reduce. */
export function stagesOf(program: GroupProgram): number {
  return Math.max(0, ...levelsOf(program).map(({ stage }) => stage));
}
