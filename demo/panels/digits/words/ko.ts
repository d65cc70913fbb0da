import type { Translated } from "../../../words/language.ts";
import type { DigitsWords } from "./en.ts";

export const ko: Translated<DigitsWords> = {
  name: "숫자",
  title: "숫자: 보는 법을 배우는 신경망",
  lead: "합성곱 신경망이 무작위 가중치에서 시작해 손글씨 숫자를 배우는 모습을 지켜보세요.",
  settings: { learningRate: { label: "학습률" } },
  values: { loss: "손실", accuracy: "처음 보는 숫자의 정답률" },
  lossUnit: "교차 엔트로피 (nat)",
  filters: "첫 층이 찾는 것",
  filtersText: "각 네모가 필터입니다. 주황은 ‘여기에 잉크’, 파랑은 ‘여기는 빈 곳’을 뜻합니다.",
};
