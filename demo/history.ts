/** Numbers of a training over its steps, thinned so that a training of any length has about as many. */

/** One step's numbers, by name. Not every name has one at every step. */
export interface Point {
  readonly step: number;
  readonly values: Readonly<Record<string, number>>;
}

const MOST = 3000;

export class History {
  #points: Point[];

  constructor(points: readonly Point[] = []) {
    this.#points = [...points];
  }

  get points(): readonly Point[] {
    return this.#points;
  }

  /** Begins anew with the numbers of a training that was kept. */
  restart(points: readonly Point[]): void {
    this.#points = [...points];
  }

  add(points: readonly Point[]): void {
    this.#points.push(...points);
    if (this.#points.length <= MOST) return;
    this.#points = this.#points.filter(
      ({ values }, i) => i % 2 === 0 || isMeasured(values, this.#points, i),
    );
  }

  /** Columns for a chart: the steps, and for every name its values, null where a step has none. */
  columns(names: readonly string[]): (number | null)[][] {
    return [
      this.#points.map(({ step }) => step),
      ...names.map((name) => this.#points.map(({ values }) => values[name] ?? null)),
    ];
  }

  /** The last number of a name. */
  last(name: string): number | undefined {
    return this.#points.findLast(({ values }) => values[name] !== undefined)?.values[name];
  }
}

/** Whether a point has what its neighbour has not: a measurement that is made now and then. */
function isMeasured(values: Point["values"], points: readonly Point[], i: number): boolean {
  const before = points[i - 1]?.values ?? {};
  return Object.keys(values).some((name) => !(name in before));
}
