/** What `fn` makes of each of `of`, under its name. */
export function mapped<T, R>(
  of: Readonly<Record<string, T>>,
  fn: (one: T, name: string) => R,
): Record<string, R> {
  return Object.fromEntries(Object.entries(of).map(([name, one]) => [name, fn(one, name)]));
}

/** The same, once all are there. */
export async function mappedLater<T, R>(
  of: Readonly<Record<string, T>>,
  fn: (one: T, name: string) => R | PromiseLike<R>,
): Promise<Record<string, R>> {
  const entries = Object.entries(of).map(
    async ([name, one]) => [name, await fn(one, name)] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}
