// The two gradients of an LSTM, of h and of c, step by step back from the loss.
import { gradientFlow, init, mean, nn, normal, recurrentSteps, square } from "gradgpu";

const { runtime } = await init();
const [T, U] = [16, 32];
const lstm = nn.lstm(8, U, { initialiseBias: nn.initialise.remember(3) });
const model = nn.sequential(lstm, nn.lastStep());
const x = normal([T, 1, 8], 1);

const { flow } = gradientFlow(model.parameters(), () => mean(square(model(x))));
const { layers } = recurrentSteps(() => model(x));
const forget = await layers[0]?.gates.forget?.data();
const [h, c] = [await flow[0]?.h.data(), await flow[0]?.c?.data()];

// ∂loss/∂c_t is ∂loss/∂c_{t+1} times the forget gate, and what h adds through the output gate.
for (let t = T - 1; t >= 0; t--) {
  const gates = forget?.slice(t * U, (t + 1) * U) ?? [];
  const open = Array.from(gates, Number).reduce((sum, gate) => sum + gate, 0) / U;
  const norms = [h, c].map((of) => Number(of?.[t]).toExponential(1));
  console.log(
    `step ${t + 1}: ∂loss/∂h ${norms[0]}, ∂loss/∂c ${norms[1]}, forget gate ${open.toFixed(2)}`,
  );
}
await runtime.close();
