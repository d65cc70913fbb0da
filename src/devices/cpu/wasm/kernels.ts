/**
 * The kernels by opcode: the names of ../kernel-names.ts in the same order, which a test checks. A table rather than
 * a switch, so that each stays a function of its own, which an engine compiles well and soon.
 */
import { crossEntropy, crossEntropyGrad, logSoftmax, softmax } from "./classification";
import { copy } from "./copy";
import { elementwise } from "./elementwise";
import { embedding, embeddingGrad } from "./embedding";
import { fill, iota } from "./fill";
import { gather } from "./gather";
import { adam, sgd, sumOfSquares } from "./optimizer";
import { uniform } from "./random";
import { argmax, reduce } from "./reduce";

export const kernels: StaticArray<(args: usize, thread: i32, threads: i32) => void> = [
  copy,
  elementwise,
  gather,
  fill,
  reduce,
  argmax,
  softmax,
  logSoftmax,
  crossEntropy,
  crossEntropyGrad,
  embedding,
  embeddingGrad,
  uniform,
  iota,
  sumOfSquares,
  sgd,
  adam,
];
