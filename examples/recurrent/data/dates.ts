/** Dates as people write them, and as ISO 8601 does. */
import { drawUniform, keyOf, permutation } from "gradgpu";

export interface DatePair {
  readonly written: string;
  /** YYYY-MM-DD */
  readonly iso: string;
}

const MS_PER_DAY = 86_400_000;
/** From 1970-01-01 to 2069-12-31: two digits name a year. */
const DAYS = 36_525;

const format = (options: Intl.DateTimeFormatOptions, locale: string) =>
  new Intl.DateTimeFormat(locale, { ...options, timeZone: "UTC" });
const formats = [
  // 3 March 2021
  format({ day: "numeric", month: "long", year: "numeric" }, "en-GB"),
  // Mar 3, 2021
  format({ day: "numeric", month: "short", year: "numeric" }, "en-US"),
  // 03/03/21, the day first
  format({ day: "2-digit", month: "2-digit", year: "2-digit" }, "en-GB"),
];

/** `count` different days in random order, each written in one of three ways; the same in every run. */
export function datePairs(count: number): DatePair[] {
  const key = keyOf(1);
  const chances = drawUniform(key, 1, count);
  return Array.from(permutation(key, 0, DAYS).subarray(0, count), (day, i) => {
    const date = new Date(day * MS_PER_DAY);
    const written = formats[Math.floor((chances[i] ?? 0) * formats.length)]?.format(date) ?? "";
    return { written, iso: date.toISOString().slice(0, 10) };
  });
}
