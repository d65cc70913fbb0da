/** What is said where a browser cannot draw a picture: canvases that fail as a browser's do. */
import { afterEach, vi } from "vitest";
import { data } from "../../../src/index.ts";
import { type ErrorRow, holdTexts } from "../../support/error-rows.ts";

afterEach(() => {
  vi.unstubAllGlobals();
});

class ImageBitmap {
  readonly [Symbol.toStringTag] = "ImageBitmap";
  readonly width = 2;
  readonly height = 1;
  close() {}
}

/** A host whose canvases have this context. */
const drawOn = (context: unknown) => {
  vi.stubGlobal(
    "OffscreenCanvas",
    class {
      readonly getContext = () => context;
    },
  );
  data.pixels([new ImageBitmap()], { size: [4096, 8192] });
};

holdTexts([
  [
    "pixels: the browser must have canvases of 8192 × 4096; got none of that size. Choose a smaller one.",
    () => drawOn(null),
  ],
  [
    "pixels: a picture must be readable; got an ImageBitmap, SecurityError: The canvas has been tainted. Pictures of other origins are asked for with crossOrigin.",
    () =>
      drawOn({
        drawImage: () => {},
        getImageData: () => {
          throw new DOMException("The canvas has been tainted", "SecurityError");
        },
      }),
  ],
] satisfies readonly ErrorRow[]);
