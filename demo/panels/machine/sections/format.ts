/** Three digits, as a table wants them. */
export function ms(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(3);
}

export function percent(share: number): string {
  return (100 * share).toFixed(share < 0.0995 ? 1 : 0);
}

export function bytes(value: number): string {
  if (value < 1024) return `${value} B`;
  const [unit, size] = value < 2 ** 20 ? ["KiB", 1024] : ["MiB", 2 ** 20];
  return `${(value / size).toFixed(1)} ${unit}`;
}
