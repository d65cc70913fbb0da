import type { Translated } from "../../../words/language.ts";
import type { TextWords } from "./en.ts";

export const ko: Translated<TextWords> = {
  name: "글",
  title: "글: 쓰는 법을 배우는 신경망",
  lead: "LSTM이 모비 딕을 한 글자씩 읽고, 보지 못한 쪽으로 시험을 봅니다.",
  settings: { learningRate: { label: "학습률" } },
  values: { bits: "글자당 비트", heldOut: "글자당 비트, 처음 보는 글" },
};
