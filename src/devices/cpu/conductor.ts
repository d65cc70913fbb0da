import { type ForEmitted, writeAdoption, writeForgetting } from "./emitted.ts";
import type { Command, FromWorker, ProgramImage, ReadBytes } from "./messages.ts";
import { type TimedStep, timedSteps } from "./timed-steps.ts";

/** What the kernel module exports; see wasm/index.ts. */
export interface KernelExports extends ForEmitted {
  initialise(scratch: number, firstSlot: number): void;
  execute(start: number, end: number, thread: number, threads: number, step: number): void;
  wake(start: number, end: number, step: number): void;
  follow(thread: number, threads: number): void;
}

interface Loaded {
  readonly address: number;
  readonly image: ProgramImage;
  /** The address of every place, as it is patched in now. */
  readonly places: number[];
}

type Post = (message: FromWorker, transfer: ArrayBuffer[]) => void;

/** Takes the device's commands in order, in the first worker; runs programs with all threads. */
export class Conductor {
  private readonly programs = new Map<number, Loaded>();

  private readonly threads: number;
  private readonly memory: WebAssembly.Memory;
  private readonly kernels: KernelExports;
  private readonly post: Post;

  constructor(threads: number, memory: WebAssembly.Memory, kernels: KernelExports, post: Post) {
    this.threads = threads;
    this.memory = memory;
    this.kernels = kernels;
    this.post = post;
  }

  obey(command: Command): void {
    switch (command.kind) {
      case "grow":
        this.memory.grow(command.pages);
        return;
      case "fill":
        this.fill(command.address, command.bytes, command.value);
        return;
      case "write":
        this.bytes(command.address, command.data.byteLength).set(new Uint8Array(command.data));
        return;
      case "copy":
        this.bytes(command.to, command.bytes).set(this.bytes(command.from, command.bytes));
        return;
      case "read":
        this.reply([command.read]);
        return;
      case "load":
        this.load(command.program, command.address, command.image);
        return;
      case "adopt":
        this.runCommands(
          command.address,
          writeAdoption(this.memory.buffer, command),
          this.threads,
          0,
        );
        return;
      case "forget":
        this.runCommands(
          command.address,
          writeForgetting(this.memory.buffer, command),
          this.threads,
          0,
        );
        return;
      case "unload":
        this.programs.delete(command.program);
        return;
      case "place": {
        const loaded = this.loaded(command.program);
        this.place(loaded, loaded.image.bindings, command.slots);
        return;
      }
      case "run":
        this.run(command.program, command.bindings);
        this.reply(command.reads);
        return;
      case "profile": {
        const loaded = this.loaded(command.program);
        this.place(loaded, 0, command.bindings);
        const data = this.timesOf(loaded).buffer;
        this.post({ kind: "results", results: [{ id: command.id, data }] }, [data]);
        return;
      }
      case "synchronise":
        this.post({ kind: "results", results: [{ id: command.id, data: new ArrayBuffer(0) }] }, []);
        return;
      default:
        command satisfies never;
    }
  }

  /** Up to seven bytes more: memory is handed out in larger pieces. */
  private fill(address: number, length: number, value: bigint): void {
    new BigInt64Array(this.memory.buffer, address, Math.ceil(length / 8)).fill(value);
  }

  /** Seen afresh at every use: the memory may have grown. */
  private bytes(address: number, length: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, address, length);
  }

  private reply(reads: readonly ReadBytes[]): void {
    if (reads.length === 0) return;
    const results = reads.map(({ id, address, bytes }) => {
      const data = tryAllocate(bytes);
      if (data === undefined) return { id };
      new Uint8Array(data).set(this.bytes(address, bytes));
      return { id, data };
    });
    this.post(
      { kind: "results", results },
      results.flatMap(({ data }) => data ?? []),
    );
  }

  private load(program: number, address: number, image: ProgramImage): void {
    new Uint32Array(this.memory.buffer, address, image.words.length).set(image.words);
    this.programs.set(program, { address, image, places: [] });
  }

  private loaded(program: number): Loaded {
    const loaded = this.programs.get(program);
    if (loaded === undefined) throw new Error(`program ${program} is not loaded`);
    return loaded;
  }

  private run(program: number, bindings: readonly number[]): void {
    const loaded = this.loaded(program);
    this.place(loaded, 0, bindings);
    const { address, image } = loaded;
    this.runCommands(address, address + image.words.byteLength, image.threads, 0);
  }

  /** Runs call by call; milliseconds of each, in the order of the plan. */
  private timesOf({ address, image }: Loaded): Float64Array<ArrayBuffer> {
    const words = new Uint32Array(this.memory.buffer, address, image.words.length);
    const { calls, steps } = timedSteps(words);
    const times = new Float64Array(calls);
    const run = (step: TimedStep, at: number): void => {
      if (step.kind === "loop") {
        const { count, reverse, body } = step;
        for (let i = 0; i < count; i++)
          for (const inner of body) run(inner, reverse ? count - 1 - i : i);
        return;
      }
      const begin = performance.now();
      this.runCommands(address + step.start, address + step.end, image.threads, at);
      times[step.place] = (times[step.place] ?? 0) + performance.now() - begin;
    };
    for (const step of steps) run(step, 0);
    return times;
  }

  /** `step`: of the loop around. */
  private runCommands(start: number, end: number, threads: number, step: number): void {
    if (threads > 1) this.kernels.wake(start, end, step);
    this.kernels.execute(start, end, 0, threads, step);
  }

  /** Places from `first` on lie at `addresses` now; nothing is patched where they have been all along. */
  private place({ image, address, places }: Loaded, first: number, addresses: readonly number[]) {
    if (addresses.every((own, i) => places[first + i] === own)) return;
    const { patches, words } = image;
    const memory = new Uint32Array(this.memory.buffer, address, words.length);
    for (let i = 0; i < patches.length; i += 3) {
      const place = patches[i + 1] ?? 0;
      const moved = addresses[place - first];
      if (moved === undefined || moved === places[place]) continue;
      memory[patches[i] ?? 0] = moved + (patches[i + 2] ?? 0);
    }
    for (const [i, own] of addresses.entries()) places[first + i] = own;
  }
}

/** Nothing where the host has no room: a result that cannot be had must not end the device. */
function tryAllocate(bytes: number): ArrayBuffer | undefined {
  try {
    return new ArrayBuffer(bytes);
  } catch {
    return undefined;
  }
}
