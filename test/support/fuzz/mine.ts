/** An error of the caller's own, thrown by callbacks and getters that the fuzz hands in: gradgpu may let it through. */
export class Mine extends Error {
  constructor() {
    super("mine");
  }
}
