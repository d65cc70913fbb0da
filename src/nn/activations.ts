/** Functions without parameters, as modules: any shape in, the same shape out. */
import { check, rule } from "../arguments.ts";
import {
  gelu as applyGelu,
  relu as applyRelu,
  sigmoid as applySigmoid,
  softmax as applySoftmax,
  tanh as applyTanh,
} from "../functions.ts";
import { module } from "./define.ts";
import type { Module } from "./module.ts";

/** max(x, 0). */
export function relu(): Module {
  return module("relu", { timeAxis: "any", forward: applyRelu });
}

export function tanh(): Module {
  return module("tanh", { timeAxis: "any", forward: applyTanh });
}

/** 1 / (1 + exp(−x)). */
export function sigmoid(): Module {
  return module("sigmoid", { timeAxis: "any", forward: applySigmoid });
}

/** x · Φ(x), exact. Hendrycks & Gimpel 2016. */
export function gelu(): Module {
  return module("gelu", { timeAxis: "any", forward: (x) => applyGelu(x) });
}

/**
 * exp(x) / Σ exp(x) over `axis`. Not in front of `losses.crossEntropy`, which takes logits.
 */
export function softmax(axis = -1): Module {
  check("softmax", "the axis", axis, anAxis, "-1 is the last one.");
  return module("softmax", { timeAxis: "any", forward: (x) => applySoftmax(x, axis) });
}

const anAxis = rule("a whole number", Number.isSafeInteger);
