/** `text` as the contents of an element or a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** A coordinate with a tenth of a pixel: more digits would only make the page longer. */
export function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}
