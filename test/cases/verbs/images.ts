import * as g from "../../../src/functions.ts";
import type { VerbCases } from "./verb-case.ts";

const half = { stride: 2, padding: 1 } as const;
const bilinear = { mode: "bilinear" } as const;

export const imageVerbs: VerbCases = {
  "conv2d, dilated": (x, w) => g.conv2d(x, w, { dilation: [2, 3], padding: 1 }),
  "conv2d, dilated in steps, in groups": (x, w) =>
    g.conv2d(x, w, { dilation: 2, stride: [2, 1], padding: 2, groups: 2 }),
  "conv2d with two filters a channel": (x, w) => g.conv2d(x, w, { groups: 4 }),
  conv1d: (x, w) => g.conv1d(x, w, { ...half, groups: 2 }),
  "conv1d, dilated": (x, w) => g.conv1d(x, w, { dilation: 3 }),
  "conv1d, same": (x, w) => g.conv1d(x, w, { padding: "same" }),
  conv2dTranspose: (x, w) => g.conv2dTranspose(x, w),
  "conv2dTranspose in steps, padded, in groups": (x, w) =>
    g.conv2dTranspose(x, w, { stride: [3, 2], padding: 1, outputPadding: [2, 1], groups: 2 }),
  "conv2dTranspose, dilated": (x, w) => g.conv2dTranspose(x, w, { stride: 2, dilation: [2, 3] }),
  "conv2dTranspose, more than the stride behind what is dilated": (x, w) =>
    g.conv2dTranspose(x, w, {
      stride: [1, 2],
      padding: [
        [2, 2],
        [1, 1],
      ],
      outputPadding: [1, 3],
      dilation: [2, 4],
    }),
  "conv2dTranspose, zeros behind what is dilated, in groups": (x, w) =>
    g.conv2dTranspose(x, w, { outputPadding: [2, 3], dilation: [3, 4], groups: 2 }),
  "conv2dTranspose, same": (x, w) => g.conv2dTranspose(x, w, { stride: 2, padding: "same" }),
  conv1dTranspose: (x, w) => g.conv1dTranspose(x, w, { ...half, outputPadding: 1 }),
  "conv1dTranspose, more than the stride behind what is dilated": (x, w) =>
    g.conv1dTranspose(x, w, { ...half, outputPadding: 4, dilation: 5 }),
  "conv1dTranspose, dilated, in groups": (x, w) =>
    g.conv1dTranspose(x, w, { stride: 2, padding: 2, dilation: 3, groups: 2 }),
  "maxPool2d, ceil": (x) => g.maxPool2d(x, 3, { ...half, ceilMode: true }),
  "maxPool2d, dilated": (x) => g.maxPool2d(x, 2, { stride: [2, 1], padding: 1, dilation: [3, 2] }),
  "maxPool2d, ceil and dilated": (x) =>
    g.maxPool2d(x, [2, 3], { stride: 3, padding: [0, 1], dilation: [3, 1], ceilMode: true }),
  "avgPool2d, windows that overlap": (x) =>
    g.avgPool2d(x, [4, 3], { stride: [1, 2], padding: [2, 0] }),
  "avgPool2d, ceil": (x) => g.avgPool2d(x, 3, { ...half, ceilMode: true }),
  "avgPool2d without padding in the mean": (x) =>
    g.avgPool2d(x, [3, 2], { ...half, countIncludePad: false }),
  "avgPool2d, ceil, without padding in the mean": (x) =>
    g.avgPool2d(x, 3, { ...half, ceilMode: true, countIncludePad: false }),
  maxPool1d: (x) => g.maxPool1d(x, 3, half),
  avgPool1d: (x) => g.avgPool1d(x, 3, { ...half, ceilMode: true, countIncludePad: false }),
  "maxPool1d, ceil and dilated": (x) =>
    g.maxPool1d(x, 3, { stride: 3, padding: 1, dilation: 2, ceilMode: true }),
  "avgPool1d, ceil": (x) => g.avgPool1d(x, 4, { stride: 3, padding: 2, ceilMode: true }),
  globalAvgPool2d: g.globalAvgPool2d,
  globalMaxPool2d: g.globalMaxPool2d,
  adaptiveAvgPool2d: (x) => g.adaptiveAvgPool2d(x, 3),
  adaptiveMaxPool2d: (x) => g.adaptiveMaxPool2d(x, [4, 2]),
  "adaptiveAvgPool2d of bins that are alike": (x) => g.adaptiveAvgPool2d(x, [1, 4]),
  "adaptiveAvgPool2d of small bins that are alike": (x) => g.adaptiveAvgPool2d(x, [3, 4]),
  "adaptiveMaxPool2d of bins that are alike": (x) => g.adaptiveMaxPool2d(x, [2, 4]),
  "adaptiveMaxPool2d of one bin": (x) => g.adaptiveMaxPool2d(x, 1),
  "adaptiveAvgPool2d of more bins than pixels": (x) => g.adaptiveAvgPool2d(x, [7, 3]),
  upsample2d: (x) => g.upsample2d(x, [2, 3]),
  "upsample2d, bilinear": (x) => g.upsample2d(x, 2, bilinear),
  "upsample2d by fractions": (x) => g.upsample2d(x, [2.7, 1.3]),
  "upsample2d by fractions, bilinear": (x) => g.upsample2d(x, [1.6, 0.8], bilinear),
  "upsample2d by less than 1": (x) => g.upsample2d(x, [0.6, 0.7]),
  "upsample2d by fractions, corners aligned": (x) =>
    g.upsample2d(x, [1.7, 1.3], { ...bilinear, coordinates: "alignCorners" }),
  "upsample2d by fractions to nearest": (x) =>
    g.upsample2d(x, [1.7, 2.6], { coordinates: "halfPixel" }),
  "resize to fewer, bilinear": (x) => g.resize(x, [2, 3], bilinear),
  "resize to one, corners aligned": (x) =>
    g.resize(x, [1, 2], { ...bilinear, coordinates: "alignCorners" }),
  "resize to fewer": (x) => g.resize(x, [2, 3]),
  "resize to nearest": (x) => g.resize(x, [5, 7], { coordinates: "halfPixel" }),
  "resize, bilinear": (x) => g.resize(x, [5, 3], bilinear),
  "resize, corners aligned": (x) =>
    g.resize(x, [7, 6], { ...bilinear, coordinates: "alignCorners" }),
  conv3d: (x, w) => g.conv3d(x, w),
  "conv3d in steps, padded, dilated, in groups": (x, w) =>
    g.conv3d(x, w, { stride: [2, 1, 2], padding: [1, 2, 0], dilation: [2, 1, 3], groups: 2 }),
  "conv3d, same": (x, w) => g.conv3d(x, w, { padding: "same" }),
  maxPool3d: (x) => g.maxPool3d(x, [2, 3, 2]),
  "maxPool3d in steps, ceil": (x) =>
    g.maxPool3d(x, 3, { stride: [2, 1, 2], padding: 1, ceilMode: true }),
  avgPool3d: (x) => g.avgPool3d(x, [2, 3, 2], { stride: [1, 2, 1], padding: 1 }),
  "avgPool3d without padding in the mean, ceil": (x) =>
    g.avgPool3d(x, 3, { ...half, ceilMode: true, countIncludePad: false }),
  "avgPool3d, ceil": (x) => g.avgPool3d(x, 2, { stride: [3, 2, 3], padding: 1, ceilMode: true }),
  localResponseNorm: (x) => g.localResponseNorm(x, 3),
  "localResponseNorm of four channels": (x) =>
    g.localResponseNorm(x, 4, { alpha: 0.5, beta: 0.6, k: 2 }),
  cropAndResize: (x, boxes, images) => g.cropAndResize(x, boxes, images, [4, 3]),
  "cropAndResize to nearest, filled": (x, boxes, images) =>
    g.cropAndResize(x, boxes, images, [2, 1], { mode: "nearest", fill: -7 }),
};
