import type { GroupInstruction, Register } from "../../../../scheduler/group-program.ts";

/** An instruction whose arguments are other registers. */
export function withArguments<I extends GroupInstruction>(
  instruction: I,
  to: (register: Register) => Register,
): I {
  const moved: Record<string, Register> = {};
  for (const name of ["x", "a", "b", "condition"] as const)
    if (name in instruction) moved[name] = to(instruction[name as keyof I] as Register);
  return { ...instruction, ...moved };
}
