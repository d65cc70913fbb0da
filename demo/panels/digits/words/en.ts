export const en = {
  name: "Digits",
  title: "Digits: a network that learns to see",
  lead: "A convolutional network learns handwritten digits, from random weights, while you watch.",
  settings: { learningRate: { label: "Learning rate" } },
  values: { loss: "loss", accuracy: "right on digits it has not seen" },
  lossUnit: "cross-entropy (nats)",
  filters: "What the first layer looks for",
  filtersText: "Each square is a filter. Orange weights say “ink here”, blue ones “no ink here”.",
};
export type DigitsWords = typeof en;
