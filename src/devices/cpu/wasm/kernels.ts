/**
 * The kernels by opcode: the names of ../kernel-names.ts in the same order, which a test checks. A table rather than
 * a switch, so that each stays a function of its own, which an engine compiles well and soon.
 */
import { adopt, forget } from "./adopt";
import { argmax } from "./argmax";
import { argsort } from "./argsort";
import { attention } from "./attention";
import { attentionGrad } from "./attention-grad";
import { conv2d, conv2dInputGrad } from "./conv";
import { conv2dFilterGrad } from "./conv-filter";
import { copy } from "./copy";
import { depthwise, depthwiseInputGrad } from "./depthwise";
import { depthwiseFilterGrad } from "./depthwise-filter";
import { narrowGroups } from "./narrow-groups";
import { embedding, embeddingGrad } from "./embedding";
import { fill, iota } from "./fill";
import { gather } from "./gather";
import { gemm } from "./gemm";
import { columns } from "./group-columns";
import { rows } from "./group-rows";
import { avgPool2d, avgPool2dGrad, maxPool2d, maxPool2dGather, maxPool2dGrad } from "./pool";
import { uniform } from "./random";
import { walk } from "./walk";

export const kernels: StaticArray<(args: usize, thread: i32, threads: i32) => void> = [
  copy,
  gather,
  fill,
  argmax,
  embedding,
  embeddingGrad,
  uniform,
  iota,
  gemm,
  conv2d,
  conv2dInputGrad,
  conv2dFilterGrad,
  maxPool2d,
  maxPool2dGrad,
  maxPool2dGather,
  avgPool2d,
  avgPool2dGrad,
  depthwise,
  depthwiseInputGrad,
  depthwiseFilterGrad,
  narrowGroups,
  adopt,
  forget,
  rows,
  columns,
  walk,
  attention,
  attentionGrad,
  argsort,
];
