/** Single kernels, and the limits that the machine sets them. */
import type { BenchCase, CaseKind } from "../contract.ts";

const F32 = 4;

function matmul(m: number, k: number, n: number, layout: "nn" | "nt" | "tn"): BenchCase {
  const isSquare = m === k && k === n;
  return {
    name: `matmul-${isSquare ? m : `${m}x${k}x${n}`}-${layout}`,
    kind: "matmul",
    params: { m, k, n, layout },
    flops: 2 * m * k * n,
    bytes: F32 * (m * k + k * n + m * n),
  };
}

interface ConvSize {
  readonly label: string;
  readonly batch: number;
  readonly side: number;
  readonly in: number;
  readonly out: number;
  readonly kernel?: number;
  readonly stride?: number;
  readonly groups?: number;
}

const CONVS: readonly ConvSize[] = [
  { label: "28x28x16x32", batch: 32, side: 28, in: 16, out: 32 },
  { label: "56x56x64x64", batch: 8, side: 56, in: 64, out: 64 },
  { label: "14x14x256x256", batch: 8, side: 14, in: 256, out: 256 },
  { label: "28x28x64x64-1x1", batch: 32, side: 28, in: 64, out: 64, kernel: 1 },
  { label: "56x56x64-depthwise", batch: 8, side: 56, in: 64, out: 64, groups: 64 },
  { label: "56x56x64x128-stride2", batch: 8, side: 56, in: 64, out: 128, stride: 2 },
];

function conv(kind: CaseKind, size: ConvSize): BenchCase {
  const { batch, side, kernel = 3, stride = 1, groups = 1 } = size;
  const after = Math.floor((side + 2 * ((kernel - 1) >> 1) - kernel) / stride) + 1;
  const filter = kernel * kernel * (size.in / groups) * size.out;
  return {
    name: `${kind}-${size.label}`,
    kind,
    params: {
      batch,
      height: side,
      width: side,
      in: size.in,
      out: size.out,
      kernel,
      stride,
      groups,
    },
    flops: 2 * batch * after * after * filter,
    bytes: F32 * (batch * (side * side * size.in + after * after * size.out) + filter),
  };
}

function adam(elements: number): BenchCase {
  return {
    name: `adam-${elements / 1e6}m`,
    kind: "adam",
    params: { elements },
    flops: 12 * elements,
    // Reads parameter, gradient and both moments, writes three of them.
    bytes: F32 * 7 * elements,
  };
}

const LAYOUTS = ["nn", "nt", "tn"] as const;
const COPIED = 16 * 1024 * 1024;

export const kernelCases: readonly BenchCase[] = [
  { name: "fma", kind: "fma", params: {} },
  { name: "copy-64mb", kind: "copy", params: { elements: COPIED }, bytes: 2 * F32 * COPIED },
  ...[256, 512, 1024, 2048].flatMap((n) => LAYOUTS.map((layout) => matmul(n, n, n, layout))),
  matmul(32, 1024, 4096, "nn"),
  matmul(4096, 64, 512, "nn"),
  matmul(512, 8192, 64, "tn"),
  ...(["conv-forward", "conv-input-grad", "conv-filter-grad"] as const).flatMap((kind) =>
    CONVS.map((size) => conv(kind, size)),
  ),
  {
    name: "max-pool-32x56x56x64",
    kind: "max-pool",
    params: { batch: 32, height: 56, width: 56, channels: 64, window: 2 },
    bytes: F32 * 32 * 64 * (56 * 56 + 28 * 28),
  },
  {
    name: "softmax-cross-entropy-1024x1000",
    kind: "softmax-cross-entropy",
    params: { rows: 1024, classes: 1000 },
    bytes: F32 * 2 * 1024 * 1000,
  },
  {
    name: "batch-norm-32x28x28x64",
    kind: "batch-norm",
    params: { batch: 32, height: 28, width: 28, channels: 64 },
    // Reads x twice, for statistics and result, and x and g twice on the way back; writes y and dx.
    bytes: F32 * 8 * 32 * 28 * 28 * 64,
  },
  {
    name: "layer-norm-4096x512",
    kind: "layer-norm",
    params: { rows: 4096, features: 512 },
    bytes: F32 * 5 * 4096 * 512,
  },
  {
    name: "conv-transpose-28x28x64x32",
    kind: "conv-transpose",
    params: { batch: 8, height: 28, width: 28, in: 64, out: 32, kernel: 4, stride: 2, padding: 1 },
    flops: 3 * 2 * 8 * 28 * 28 * 16 * 64 * 32,
  },
  {
    name: "embedding-50000x128",
    kind: "embedding",
    params: { rows: 50_000, features: 128, ids: 4096 },
    bytes: F32 * (50_000 + 3 * 4096) * 128,
  },
  adam(1e6),
  adam(10e6),
  { name: "add-chain-200", kind: "add-chain", params: { elements: 1024, length: 200 } },
];
