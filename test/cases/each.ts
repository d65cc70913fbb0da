/** `items` mapped to cases, where the type keeps that there is at least one. */
export function each<T, U>(
  items: readonly [T, ...T[]],
  toCase: (item: T) => U,
): readonly [U, ...U[]] {
  const [first, ...rest] = items;
  return [toCase(first), ...rest.map(toCase)];
}
