import type { Tensor } from "../../../src/functions.ts";

/** A verb of tensors, with the options that its case has; what it gives is compared, and its gradients. */
export type Verb = (...inputs: [Tensor, Tensor, Tensor, Tensor]) => Tensor | readonly Tensor[];

/** By the names of test/goldens/make_verb_goldens.py, which has the inputs, and what PyTorch makes of them. */
export type VerbCases = Readonly<Record<string, Verb>>;
