export const recurrentLowerings = {
  rnn: { fallback: "no kernel yet" },
  rnnGrad: { fallback: "no kernel yet" },
  lstm: { fallback: "no kernel yet" },
  lstmGrad: { fallback: "no kernel yet" },
  gru: { fallback: "no kernel yet" },
  gruGrad: { fallback: "no kernel yet" },
};
