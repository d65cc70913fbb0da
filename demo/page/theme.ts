/** Light or dark: as the system is, or as the reader has said, kept for the next visit. */

import type { CommonWords } from "../words/en.ts";
import { h, on } from "./dom.ts";

const KEY = "gradgpu-theme";
const THEMES = ["system", "light", "dark"] as const;
type Theme = (typeof THEMES)[number];

const listeners = new Set<() => void>();

/** Called whenever colours have changed: pictures are drawn with what CSS says (draw/colours.ts). */
export function onTheme(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useTheme(): void {
  apply(kept());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed);
}

export function themeButton(words: CommonWords): HTMLElement {
  const button = h("button", { type: "button", class: "quiet", "data-tool": "theme" });
  const label = () => {
    button.textContent = { system: "◐", light: "○", dark: "●" }[kept()];
    button.setAttribute("aria-label", `${words.theme}: ${words.themes[kept()]}`);
    button.title = button.getAttribute("aria-label") ?? "";
  };
  on(button, "click", () => {
    const next = THEMES[(THEMES.indexOf(kept()) + 1) % THEMES.length] ?? "system";
    localStorage.setItem(KEY, next);
    apply(next);
    label();
    changed();
  });
  label();
  return button;
}

function kept(): Theme {
  const said = localStorage.getItem(KEY);
  return THEMES.find((theme) => theme === said) ?? "system";
}

function apply(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

function changed(): void {
  for (const listener of listeners) listener();
}
