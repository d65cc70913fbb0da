import type { Translated } from "../../../words/language.ts";
import { particle } from "../../../words/particles.ts";
import type { TextWords } from "./en.ts";

const count = (n: number) => n.toLocaleString("ko");

export const ko: Translated<TextWords> = {
  name: "글",
  title: "글: 쓰기를 배우는 신경망",
  lead: "LSTM이 글을 한 글자씩 읽으며 다음 글자를 맞혀 봅니다. 틀릴 때마다 가중치가 조금씩 바뀝니다. 낱말이 무엇인지, 줄이나 따옴표가 무엇인지는 아무도 알려 주지 않습니다.",
  settings: {
    units: {
      label: "LSTM의 유닛 수",
      hint: "유닛마다 셀이 하나 있어, 게이트가 허락하는 동안 수 하나를 기억합니다.",
    },
    window: {
      label: "절단된 BPTT의 창",
      hint: "기울기는 이만큼의 글자까지만 거슬러 가고, 상태는 글 전체에 이어집니다.",
    },
    learningRate: { label: "학습률" },
  },
  values: {
    unit: "글자당 비트",
    bits: "비트(읽은 글)",
    heldOut: "비트(안 읽은 글)",
    trigram: "세 글자 세기",
    uniform: "찍기",
    norm: "기울기 크기",
  },
  samples: {
    title: "스스로 쓴 글",
    text: "같은 시작, 같은 주사위로 학습이 진행될 때마다 다시 씁니다. 처음에는 글자, 다음에는 낱말, 그다음에는 줄과 따옴표를 배웁니다. 파랄수록 신경망이 확신한 글자입니다.",
    step: (step) => `${count(step)}단계`,
    label: (step, text) => `${step}단계 뒤에 쓴 글: ${text}`,
  },
  write: {
    title: "시작을 주고 이어 쓰게 하기",
    text: "신경망이 예상한 확률에서 글자를 하나 뽑고, 그 글자를 다시 읽어 다음 글자를 예상합니다. 온도는 로짓을 나누는 수입니다. 낮으면 그럴듯한 글자만 나오고, 높으면 무엇이든 나올 수 있습니다. 온도를 움직이면 확률만 다시 계산합니다. 같은 주사위가 다른 글자를 뽑았을 곳부터 글이 흐려지고, 거기서부터 다시 씁니다.",
    beginning: "시작",
    example: "“Oh dear!” said Alice, ",
    temperature: "온도",
    go: "이어 쓰기",
    luck: "다른 주사위",
    label: "신경망이 쓴 글. 화살표 키로 글자를 옮겨 다닙니다.",
    unknown: (letters) => `글에 없는 글자라 뺐습니다: ${letters}`,
    after: (before) => `“${before}” 다음`,
    letter: (letter, share) => `${letter}, 확률 ${share}`,
  },
  inside: {
    title: "읽는 동안 안에서 일어나는 일",
    text: "글자 뒤의 색은 유닛 하나의 셀 상태입니다. 주황은 양수, 파랑은 음수입니다. 아래 지도에서 유닛을 누르면 그 유닛을 따라갑니다. 글자를 누르면 그 글자의 확률이 앞의 어느 글자에 달려 있는지(앞 글자에 대한 로짓의 기울기 크기) 보여 줍니다. 글자들을 끌어서 고르면 바로 그 글자들에서만 켜지는 유닛을 찾습니다.",
    reads: "읽는 글",
    passages: { text: "글의 한 부분", written: "스스로 쓴 글" },
    label:
      "한 글자씩 읽는 글. 화살표로 옮기고, Enter로 무엇에 달려 있는지 보고, Shift와 화살표로 범위를 고릅니다.",
    letter: (letter, state) => `${letter}: ${state}`,
    expects: (before) => `“${before}” 다음의 예상`,
    legendUnit: (unit, correlation) => `유닛 ${unit}의 tanh(c)${correlation}`,
    correlation: (feature, value) => ` (${feature}${particle(feature, "with")}의 상관 ${value})`,
    legendInfluence: (letter) =>
      `주황: “${letter}”${particle(letter, "subject")} 앞의 글자마다 달려 있는 정도. 다시 누르면 돌아갑니다.`,
    gates: (letter, unit, values) => `“${letter}”에서 유닛 ${unit}: ${values}`,
    threshold: "켜졌다고 볼 tanh(c)",
    brush:
      "글자들을 끌거나 Shift와 화살표로 고르면, 바로 그 글자들에서만 켜지는 유닛이 여기에 나옵니다.",
    found: (n, text, from) =>
      n === 0
        ? `“${text}”에서만 켜지는 유닛이 없습니다(|tanh(c)|\u00a0≥\u00a0${from}). 기준을 낮추거나 다른 범위를 골라 보세요.`
        : `“${text}”에서만 켜지는 유닛 ${n}개(|tanh(c)|\u00a0≥\u00a0${from}):`,
    shows: "보기",
    quantities: {
      f: "망각 게이트 f",
      i: "입력 게이트 i",
      o: "출력 게이트 o",
      c: "셀 상태 tanh(c)",
    },
    short: { f: "f", i: "i", o: "o", c: "tanh(c)" },
    sortBy: "유닛 정렬",
    features: { quotes: "따옴표", line: "줄 안의 위치", spaces: "빈칸", depth: "괄호" },
    mapLabel: "가로는 글자, 세로는 유닛. 화살표로 옮기고 Enter로 유닛을 따라갑니다.",
    cell: (letter, unit, value) => `${letter}, 유닛 ${unit}: ${value}`,
    mapText:
      "c = f·이전 c + i·새 값: 망각 게이트가 1에 가까우면(진하면) 셀이 기억을 지키고, 입력 게이트가 1에 가까우면 새로 쓰고, 출력 게이트가 1에 가까우면 밖으로 내보냅니다. 천 글자에 걸쳐 글과 함께 가장 크게 움직이는 유닛이 먼저 나옵니다. 멈출 때와 위의 단계마다 다시 정렬합니다.",
  },
  source: {
    title: "무엇으로 배우나",
    text: "만 글자쯤이면 몇 초 안에 무언가를 보여 줍니다. 붙여 넣은 글은 이 브라우저에만 남습니다. 글자는 바이트가 아니라 눈에 보이는 글자입니다. 한글은 한 음절이 한 글자입니다.",
    which: "글",
    names: {
      alice: "이상한 나라의 앨리스, 세 장 (루이스 캐럴, 1865, 영어)",
      "moby-dick": "모비 딕, 첫 부분 (허먼 멜빌, 1851, 영어)",
      korean: "시: 김소월, 윤동주 (1925–1942)",
      own: "내 글",
    },
    own: "내 글",
    placeholder:
      "400자 이상의 글을 붙여 넣으세요. 소설 한 장, 노랫말, 소스 코드, 대화 무엇이든 좋습니다.",
    train: "이 글로 학습하기",
    count: (letters, kinds) => `${count(letters)}자, 서로 다른 글자 ${count(kinds)}개`,
    tooShort: (got, least) => `${least}자 이상이어야 합니다. 이 글은 ${got}자입니다.`,
    facts: (letters, kinds) =>
      `${count(letters)}자, 서로 다른 글자 ${count(kinds)}개. 마지막 10분의 1은 배우지 않고, ‘비트(안 읽은 글)’를 재는 데 씁니다. 그것은 오르는데 읽은 글의 비트만 내리면 글을 외우는 것입니다.`,
    rare: (n, most) =>
      `신경망은 서로 다른 글자를 ${count(most)}개까지 배웁니다. 가장 드문 ${count(n)}개는 �로 나타냅니다.`,
    cut: (most) => `처음 ${count(most)}자만 읽습니다.`,
  },
};
