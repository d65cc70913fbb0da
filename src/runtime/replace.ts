import type { HostArray } from "../tensor/dtype.ts";
import type { Cell } from "./cell.ts";
import { queueOf } from "./locate.ts";

/** Gives a variable's cell other elements, in the turn of the calls. `elements` must not change any more. */
export function replaceElements(cell: Cell, elements: HostArray): void {
  const runtime = queueOf([cell]);
  // Assignments that are pending are made of the elements before.
  runtime?.flush();
  const version = cell.renew();
  const replace = () => {
    if (!cell.isDisposed) cell.host = elements;
    cell.store(version);
  };
  if (runtime === undefined) replace();
  else runtime.inOrder(replace);
}
