/**
 * Convolutions work on bands: a few rows of one image, copied into a buffer with the zeros of the padding around
 * them. In it the window of every pixel lies at the same distances from its first cell, so no inner loop knows of
 * edges. The copy moves each element once, where an im2col matrix would move it once a cell of the window.
 */

/** Copies `bytes` bytes in steps of 16: up to 12 bytes behind them are written too, so go upwards. */
// @ts-ignore: decorator
@inline
function copyUp(to: usize, from: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 16) v128.store(to + at, v128.load(from + at));
}

/** As `copyUp` to `bytes` bytes, of which `pixelBytes` each come from places `step` bytes apart. */
function copyGroup(to: usize, from: usize, bytes: usize, pixelBytes: usize, step: usize): void {
  for (let at: usize = 0; at < bytes; at += pixelBytes, from += step) copyUp(to + at, from, pixelBytes);
}

// @ts-ignore: decorator
@inline
function clearUp(to: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 16) v128.store(to + at, i32x4.splat(0));
}

/**
 * Fills `to` [rows, paddedWidth, C] with rows `top` … of `image`, of which those outside are zeros, with `left` zeros
 * before every row and zeros behind it. `image` [H, W] has `step` channels a pixel, of which the first C are taken:
 * one group of them. Writes up to 12 bytes behind the buffer.
 */
export function padBand(
  image: usize, height: i32, width: i32, channels: i32, step: i32, top: i32, left: i32, rows: i32, paddedWidth: i32, to: usize,
): void {
  const rowBytes = <usize>(width * step) << 2;
  const paddedBytes = <usize>(paddedWidth * channels) << 2;
  // The last window may end before the image begins.
  const leftBytes = min(<usize>(left * channels) << 2, paddedBytes);
  // A window may stop before the image's last columns: then a row is cut.
  const copied = min(<usize>(width * channels) << 2, paddedBytes - leftBytes);
  for (let r = 0; r < rows; r++) {
    const y = top + r;
    if (y < 0 || y >= height) clearUp(to, paddedBytes);
    else {
      clearUp(to, leftBytes);
      if (step == channels) copyUp(to + leftBytes, image + <usize>y * rowBytes, copied);
      else copyGroup(to + leftBytes, image + <usize>y * rowBytes, copied, <usize>channels << 2, <usize>step << 2);
      clearUp(to + leftBytes + copied, paddedBytes - leftBytes - copied);
    }
    to += paddedBytes;
  }
}

/** table[(i, j, c)] = bytes from a window's first cell to the cell i · rowStep + j · columnStep, channel c. */
export function fillTable(table: usize, rows: i32, columns: i32, channels: i32, rowStep: i32, columnStep: i32): void {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      for (let c = 0; c < channels; c++) {
        store<u32>(table, (i * rowStep + j * columnStep + c) << 2);
        table += 4;
      }
    }
  }
}
