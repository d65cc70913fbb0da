export const en = {
  name: "Text",
  title: "Text: a network that learns to write",
  lead: "An LSTM reads Moby Dick character by character and is tested on pages that it has not seen.",
  settings: { learningRate: { label: "Learning rate" } },
  values: { bits: "bits a character", heldOut: "bits a character, unseen" },
};
export type TextWords = typeof en;
