/** Destroys GPU devices on purpose: those that this worker was given, and that have not been lost yet. */
const given = new Set<GPUDevice>();

/** Notes every device from now on. To be called before the first is opened. */
export function noteDevices(): void {
  if (typeof GPUAdapter === "undefined") return;
  const { requestDevice } = GPUAdapter.prototype;
  GPUAdapter.prototype.requestDevice = async function (...args) {
    const device = await requestDevice.apply(this, args);
    given.add(device);
    void device.lost.then(() => given.delete(device));
    return device;
  };
}

/** Whether there was one to destroy. */
export function loseDevices(): boolean {
  const hadSome = given.size > 0;
  for (const device of given) device.destroy();
  return hadSome;
}
