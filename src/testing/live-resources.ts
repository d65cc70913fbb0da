/** What a GPUDevice has made and not given back: buffers and textures that are neither destroyed nor collected. */

export interface Resource {
  readonly kind: "buffer" | "texture";
  readonly label: string;
  readonly bytes: number;
}

interface Made extends Resource {
  readonly of: WeakRef<object>;
}

type Method = (this: unknown, ...args: unknown[]) => object;

/** Watches `device` from now on, until `stop`. Its methods are replaced on the object itself: their prototype is everybody's. */
export class LiveResources {
  readonly #made = new Set<Made>();
  readonly #device: GPUDevice;

  constructor(device: GPUDevice) {
    this.#device = device;
    this.#watch("createBuffer", (buffer: GPUBuffer) => ({ kind: "buffer", bytes: buffer.size }));
    this.#watch("createTexture", (texture: GPUTexture) => ({
      kind: "texture",
      bytes: texelsOf(texture) * BYTES_PER_TEXEL,
    }));
  }

  list(): readonly Resource[] {
    const live = [...this.#made].filter(({ of }) => of.deref() !== undefined);
    return live.map(({ kind, label, bytes }) => ({ kind, label, bytes }));
  }

  stop(): void {
    Reflect.deleteProperty(this.#device, "createBuffer");
    Reflect.deleteProperty(this.#device, "createTexture");
  }

  #watch<R extends GPUBuffer | GPUTexture>(
    name: "createBuffer" | "createTexture",
    describe: (resource: R) => Omit<Resource, "label">,
  ): void {
    const original = Reflect.get(this.#device, name) as Method; // one of the two, called as it is
    const watched: Method = (...args) => {
      const resource = original.apply(this.#device, args) as R; // by the method's name
      const made = { ...describe(resource), label: resource.label, of: new WeakRef(resource) };
      this.#made.add(made);
      const destroy = resource.destroy.bind(resource);
      const given = () => {
        this.#made.delete(made);
        return destroy();
      };
      Object.defineProperty(resource, "destroy", { value: given, configurable: true });
      return resource;
    };
    Object.defineProperty(this.#device, name, { value: watched, configurable: true });
  }
}

/** Of the usual formats; a leak of another is found all the same. */
const BYTES_PER_TEXEL = 4;

const texelsOf = ({ width, height, depthOrArrayLayers }: GPUTexture) =>
  width * height * depthOrArrayLayers;
