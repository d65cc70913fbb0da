/** What the digits' page can ask the training for. */
export interface DigitsPictures {
  /** The first convolution's filters, [K, K, 1, O]. */
  readonly filters: {
    readonly request: undefined;
    readonly answer: {
      readonly size: number;
      readonly count: number;
      readonly values: Float32Array;
    };
  };
}
