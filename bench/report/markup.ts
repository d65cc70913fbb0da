/** Small pieces of HTML. Whatever comes from outside (adapters' names, errors) is escaped here. */

export function escapeText(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

export function table(
  head: readonly string[],
  rows: readonly (readonly (string | undefined)[])[],
): string {
  const cells = (tag: string, row: readonly (string | undefined)[]) =>
    row.map((cell) => `<${tag}>${escapeText(cell ?? "")}</${tag}>`).join("");
  const top = head.some((cell) => cell !== "") ? `<tr>${cells("th", head)}</tr>` : "";
  return `<table>${top}${rows.map((row) => `<tr>${cells("td", row)}</tr>`).join("")}</table>`;
}

/** Three significant digits, no exponent. */
export function digits(value: number): string {
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString("en");
  return Number(value.toPrecision(3)).toString();
}
