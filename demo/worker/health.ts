/** Whether a training is where one would want to go back to, by the losses of its networks. */

/** Of a loss's moving average, the share of the newest. */
const NEWEST = 0.1;

interface Course {
  readonly first: number;
  now: number;
  least: number;
}

export class Health {
  readonly #courses = new Map<string, Course>();

  add(network: string, loss: number): void {
    const course = this.#courses.get(network);
    if (course === undefined) {
      this.#courses.set(network, { first: loss, now: loss, least: loss });
      return;
    }
    course.now += NEWEST * (loss - course.now);
    course.least = Math.min(course.least, course.now);
  }

  /** Whether every network has kept at least half of what it has learned. */
  get isGood(): boolean {
    return [...this.#courses.values()].every(
      ({ first, now, least }) => now <= least + (first - least) / 2,
    );
  }
}
