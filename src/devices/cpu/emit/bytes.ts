/** Bytes that grow as they are written, with the integers and names of the WebAssembly binary format (5.2). */
export class Bytes {
  length = 0;
  #data = new Uint8Array(4096);

  byte(value: number): void {
    if (this.length === this.#data.length) this.#grow(1);
    this.#data[this.length++] = value;
  }

  bytes(...values: readonly number[]): void {
    for (const value of values) this.byte(value);
  }

  /** LEB128 of an unsigned number. */
  unsigned(value: number): void {
    let rest = value >>> 0;
    while (rest > 127) {
      this.byte((rest & 127) | 128);
      rest >>>= 7;
    }
    this.byte(rest);
  }

  /** LEB128 of a signed number. */
  signed(value: number): void {
    let rest = value | 0;
    while (rest > 63 || rest < -64) {
      this.byte((rest & 127) | 128);
      rest >>= 7;
    }
    this.byte(rest & 127);
  }

  /** 32 bits, the lowest byte first. */
  word(bits: number): void {
    this.bytes(bits & 255, (bits >>> 8) & 255, (bits >>> 16) & 255, bits >>> 24);
  }

  /** A name of ASCII letters. */
  name(text: string): void {
    this.unsigned(text.length);
    for (let i = 0; i < text.length; i++) this.byte(text.charCodeAt(i));
  }

  append(other: Bytes): void {
    if (this.length + other.length > this.#data.length) this.#grow(other.length);
    this.#data.set(other.#data.subarray(0, other.length), this.length);
    this.length += other.length;
  }

  /** What has been written. */
  content(): Uint8Array<ArrayBuffer> {
    return this.#data.slice(0, this.length);
  }

  #grow(more: number): void {
    const larger = new Uint8Array(2 * this.#data.length + more);
    larger.set(this.#data);
    this.#data = larger;
  }
}
