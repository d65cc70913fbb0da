/** Files as text, by vite. */
declare module "*?raw" {
  const text: string;
  // biome-ignore lint/style/noDefaultExport: it is vite's.
  export default text;
}
