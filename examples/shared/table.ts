/** `rows` as two aligned columns. */
export function formatTable(rows: readonly (readonly [label: string, value: string])[]): string {
  const width = Math.max(0, ...rows.map(([label]) => label.length));
  return rows
    .map(([label, value]) => `${`  ${label.padEnd(width)}  ${value}`.trimEnd()}\n`)
    .join("");
}
