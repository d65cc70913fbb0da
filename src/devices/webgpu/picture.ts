import { BYTES_PER_ELEMENT } from "../../tensor/dtype.ts";
import { PICTURE_ROW_WORDS } from "../device.ts";
import { TEXTURE_USAGE } from "./flags.ts";

export function pictureRowBytes(width: number): number {
  return Math.ceil(width / PICTURE_ROW_WORDS) * PICTURE_ROW_WORDS * BYTES_PER_ELEMENT;
}

/** A picture on its way to a buffer: a texture that holds it as it was. */
export class PictureCopy {
  readonly #texture: GPUTexture;
  readonly #size: readonly [number, number];

  /** @throws what the browser throws where it cannot copy `picture`, RangeError where it is larger than a texture */
  constructor(device: GPUDevice, picture: object, width: number, height: number) {
    this.#size = [width, height];
    if (Math.max(width, height) > device.limits.maxTextureDimension2D)
      throw new RangeError("the picture is larger than a texture");
    const { COPY_SRC, COPY_DST, RENDER_ATTACHMENT } = TEXTURE_USAGE;
    this.#texture = device.createTexture({
      label: "gradgpu picture",
      size: this.#size,
      format: "rgba8unorm",
      usage: COPY_SRC | COPY_DST | RENDER_ATTACHMENT,
    });
    try {
      // Whether it is one that can be copied is for the browser to say.
      const source = picture as GPUCopyExternalImageSource;
      const destination = { texture: this.#texture, premultipliedAlpha: false };
      device.queue.copyExternalImageToTexture({ source }, destination, this.#size);
    } catch (error) {
      this.#texture.destroy();
      throw error;
    }
  }

  encode(encoder: GPUCommandEncoder, buffer: GPUBuffer): void {
    const target = { buffer, bytesPerRow: pictureRowBytes(this.#size[0]) };
    encoder.copyTextureToBuffer({ texture: this.#texture }, target, this.#size);
  }

  /** What was submitted before still has it. */
  destroy(): void {
    this.#texture.destroy();
  }
}
