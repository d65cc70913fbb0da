/** How emitted functions (../emit) come to stand behind the kernels in the table of every thread, and leave it. */
import { at, barrier, firstSlot } from "./threads";

// @ts-ignore: decorator
@external("env", "adopt")
declare function adoptModule(address: usize, bytes: usize, functions: i32): void;

/** Words: address and bytes of a module, how many functions it has. Every thread compiles it, the first one alone. */
export function adopt(args: usize, thread: i32, _threads: i32): void {
  if (thread == 0) adoptModule(at(args, 0), at(args, 1), at(args, 2));
  barrier();
  if (thread != 0) adoptModule(at(args, 0), at(args, 1), at(args, 2));
}

// @ts-ignore: decorator
@external("env", "forget")
declare function forgetFunction(index: i32): void;

/** Words: how many functions nobody calls any longer, and their slots. */
export function forget(args: usize, _thread: i32, _threads: i32): void {
  for (let i = 1; i <= at(args, 0); i++) forgetFunction(firstSlot + at(args, i));
}
