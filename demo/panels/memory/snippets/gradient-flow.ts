// How much of the gradient is left, step by step back from the loss, in an RNN and in an LSTM.
import { gradientFlow, init, mean, nn, normal, square } from "gradgpu";

const { runtime } = await init();
const x = normal([41, 16, 8], 1); // [steps, sequences, features]
for (const layer of [
  nn.rnn(8, 32),
  nn.lstm(8, 32, { initialiseBias: nn.initialise.remember(3) }),
]) {
  const model = nn.sequential(layer, nn.lastStep());
  const { flow } = gradientFlow(model.parameters(), () => mean(square(model(x))));
  for (const [state, norms] of Object.entries(flow[0]?.states ?? {})) {
    const back = [...(await norms.data())].reverse();
    const shown = [0, 10, 20, 30, 40].map((steps) => Number(back[steps]).toExponential(1));
    console.log(`${layer.kind}, ${state}, 0, 10, 20, 30 and 40 steps back: ${shown.join(", ")}`);
  }
}
await runtime.close();

// While it trains: new Trainer(model, { loss, optimizer, gradientFlow: true }) puts it into every report.
