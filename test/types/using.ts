/** Where ESNext.Disposable is known, tensors and sessions are released by `using`. Compiled, never run. */
import { nn, tensor } from "gradgpu";

export async function read(): Promise<number> {
  using x = tensor([1]);
  using session = nn.stateful(nn.relu());
  session.reset();
  return x.item();
}
