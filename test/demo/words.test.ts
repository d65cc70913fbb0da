/** The lecture's own terms, by which the page explains itself in Korean. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { particle } from "../../demo/words/particles.ts";

const PLACES = [
  "words",
  ...["digits", "text", "memory", "machine"].map((panel) => `panels/${panel}/words`),
];
const words = PLACES.map((place) => readFileSync(`demo/${place}/ko.ts`, "utf8")).join("\n");

test.each([
  ...["합성곱", "필터", "풀링", "평탄화", "완전연결층"],
  ...["순환 신경망", "시간에 따른 역전파(BPTT)", "절단된 BPTT", "기울기 소실", "장기 의존성"],
  ...["망각", "입력", "출력", "게이트"],
])("the page says %s", (term) => {
  expect(words).toContain(term);
});

test.each([
  [7, "을", "로"],
  [9, "를", "로"],
  [3, "을", "으로"],
  [10, "을", "으로"],
  ["따옴표", "를", "로"],
  ["빈칸", "을", "으로"],
  ["글", "을", "로"],
  ["e", "을(를)", "으로(로)"],
])("Korean particles follow the sound of %s", (word, object, as) => {
  expect([particle(word, "object"), particle(word, "as")]).toEqual([object, as]);
});
