/** Opens a cpu device, reads from it and leaves it open; run by device.test.ts. */
import { openCpuDevice } from "../../../src/devices/cpu/index.ts";

async function main(): Promise<void> {
  const device = await openCpuDevice({ threads: 2 });
  const storage = device.allocate(4);
  device.write(storage, 0, Float32Array.of(42));
  const [value] = new Float32Array(await device.read(storage, 0, 4));
  console.log(`read ${value}`);
}

await main();
