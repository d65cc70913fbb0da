/** The parameters of a generated kernel: every word is a field of its own, in the order in which it is asked for. */
export class Words {
  readonly values: number[] = [];
  readonly #names: string[] = [];

  /** The WGSL that reads a word of this value. The value is no part of the code: what differs in it shares a pipeline. */
  word(value: number, name = `w${this.values.length}`): string {
    this.values.push(value >>> 0);
    this.#names.push(name);
    return `params.${name}`;
  }

  /** Words that no field of their own reads. */
  table(values: readonly number[]): void {
    this.values.push(...values);
  }

  /** The fields of Params. */
  get fields(): string {
    return this.#names.map((name) => `${name}: u32,`).join("\n");
  }
}
