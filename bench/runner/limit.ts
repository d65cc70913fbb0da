/** What takes too long is cut off, and says at which limit. */

export class OverLimitError extends Error {
  constructor(limitMs: number) {
    super(`over ${limitMs / 1000} s`);
    this.name = "OverLimitError";
  }
}

/** What `work` gives, or an OverLimitError. The work itself goes on: whoever does it has to be ended. */
export async function withLimit<T>(work: Promise<T>, limitMs: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new OverLimitError(limitMs)), limitMs);
  });
  // Whoever lost the race must not end the process.
  work.catch(() => undefined);
  try {
    return await Promise.race([work, over]);
  } finally {
    clearTimeout(timer);
  }
}
