import type { Translated } from "../../../words/language.ts";
import { particle } from "../../../words/particles.ts";
import type { DigitsWords } from "./en.ts";

export const ko: Translated<DigitsWords> = {
  name: "숫자",
  title: "숫자: 보는 법을 배우는 신경망",
  lead: "합성곱 신경망(CNN)이 무작위 가중치에서 시작해 손글씨 숫자를 이 탭에서 배웁니다. 그 옆에서 필터가 없는 신경망이 같은 수의 가중치로 같은 숫자를 배웁니다.",
  settings: {
    filters: { label: "필터 수", hint: "첫째 합성곱의 필터 수입니다. 둘째는 두 배입니다." },
    size: {
      label: "필터 크기",
      choices: { "3": "3 × 3", "5": "5 × 5", "7": "7 × 7" },
    },
    learningRate: { label: "학습률", hint: "한 단계에 얼마나 움직일지 정합니다. 크면 지나칩니다." },
    digits: { label: "학습할 숫자의 수", hint: "MNIST 60,000개 가운데 앞에서부터입니다." },
  },
  values: {
    "cnn.loss": "손실, CNN",
    "dense.loss": "손실, 완전연결",
    "cnn.test": "정답률, CNN",
    "dense.test": "정답률, 완전연결",
    loss: "손실 (nat)",
    right: "처음 보는 2,000개의 정답률",
  },
  cnn: "CNN",
  dense: "완전연결",

  draw: {
    title: "숫자를 그려 보세요",
    text: "신경망은 그림을 학습한 숫자와 같은 모양으로 봅니다. 20픽셀 상자에 맞추고 무게중심을 28 × 28의 가운데에 둡니다. 답은 손을 따라 바뀝니다. 막대를 누르면 아래에서 그 숫자를 설명합니다.",
    pad: "그림판: 포인터로 숫자를 그리거나, 화살표 키로 펜을 움직이고 스페이스 키로 내리고 올립니다. Esc 키로 지웁니다.",
    penLabel: ({ x, y, isDown }) =>
      `그림판. 펜이 ${isDown ? "내려가" : "올라가"} 있습니다. 오른쪽으로 280 중 ${x}, 아래로 280 중 ${y}.`,
    clear: "지우기",
    example: "시험용 숫자",
    seen: "신경망이 보는 것",
    seenLabel: (answer) => `28 × 28 픽셀. CNN의 답은 ${answer}입니다`,
    answers: "확률",
    bar: (digit, cnn, dense) => `${digit}: CNN ${cnn}, 완전연결 ${dense}. 이 숫자를 설명합니다.`,
    legend: "막대: CNN · 선: 완전연결 신경망",
    right: (label) => `시험용 숫자 ${label}입니다.`,
  },

  filters: {
    title: "필터",
    text: "필터는 그림의 모든 자리에 놓이는 작은 가중치 사각형입니다. 주황색 가중치는 잉크를, 파란색은 종이를 찾습니다. 무작위에서 시작해 모서리와 획이 됩니다. 하나를 골라 보세요.",
    label: (filter, count) =>
      `필터 ${count}개 가운데 ${filter}번을 골랐습니다. 화살표 키로 바꿉니다.`,
    scale: (most) => `파랑 −${most} · 0 · 주황 ${most}`,
  },

  slide: {
    title: "합성곱: 필터 하나가 그림 위를 움직입니다",
    text: "자리마다 필터 아래의 픽셀에 가중치를 곱해 모두 더합니다. 이 합에 편향을 더한 값이 특징 맵의 한 칸이고, 0보다 작으면 0입니다(ReLU). 두 그림 위에서 움직이거나 화살표 키를 쓰세요.",
    input: "패딩을 두른 그림",
    products: "픽셀 × 가중치",
    map: "특징 맵",
    play: "움직이기",
    stop: "멈추기",
    sum: (sum, bias, total, cell) => `합 ${sum} + 편향 ${bias} = ${total}  →  ReLU  →  ${cell}`,
    label: (row, column, cell) =>
      `${row}행 ${column}열의 값은 ${cell}입니다. 화살표 키로 필터를 움직입니다.`,
    productsLabel: (count) => `픽셀과 가중치의 곱 ${count}개`,
  },

  maps: {
    title: "특징 맵: 합성곱, 풀링, 그리고 다시 한 번",
    text: "필터마다 무엇을 어디서 찾았는지 특징 맵을 만듭니다. 풀링은 네 칸마다 가장 큰 값만 남깁니다. 그래서 맵은 작아지고, 획이 어디 있는지보다 획이 있다는 것이 남습니다. 칸 위로 움직이면 그 칸이 무엇에서 왔는지 보입니다.",
    layers: {
      input: "그림",
      conv1: "합성곱 1",
      pool1: "풀링 1",
      conv2: "합성곱 2",
      pool2: "풀링 2",
    },
    scale: (most) => `0 … ${most}`,
    hint: "포인터나 화살표 키로 칸을 고르고, Page Up과 Page Down으로 층을 바꿉니다.",
    pixel: (row, column, value) => `${row}행 ${column}열의 픽셀: ${value}.`,
    convolution: (map, value, weights, maps) =>
      `맵 ${map}: ${value}. 앞 층의 ${maps === 1 ? "그림" : `맵 ${maps}개`}에 놓인 가중치 ${weights}개에서 왔고, 그 영역을 그림까지 표시했습니다.`,
    kernels: (layer, map) => `${layer}의 필터 ${map}`,
    pooling: (map, value) =>
      `맵 ${map}: ${value}. 표시한 네 칸 가운데 가장 큰 값이며, 채운 칸이 그 칸입니다.`,
  },

  flat: {
    title: "평탄화와 완전연결층",
    text: "마지막 특징 맵을 한 줄로 펼칩니다(평탄화). 줄의 모든 수는 숫자마다 가중치를 하나씩 갖고, 곱을 모두 더하면 그 숫자의 점수(로짓)가 됩니다. 주황색은 찬성, 파란색은 반대입니다. 가장 크게 작용한 열 개를 그림 위에 크기로 나타냈습니다.",
    features: "값",
    weights: "가중치",
    products: "곱",
    digit: "가장 크게 작용한 열 개",
    score: (digit, sum, bias, logit) => `${digit}의 점수: 곱의 합 ${sum} + 편향 ${bias} = ${logit}`,
    label: (count) => `한 줄로 펼친 수 ${count}개와 그 가중치와 곱입니다. 화살표 키로 고릅니다.`,
    onDigit: (digit) => `${digit}에 대한 가장 큰 곱 열 개가 온 자리`,
    hovered: (map, feature, weight, product) => `맵 ${map}: ${feature} × ${weight} = ${product}`,
  },

  saliency: {
    title: "답은 어느 픽셀에 달려 있을까",
    text: "숫자의 점수를 픽셀마다 미분한 기울기입니다. 진할수록 중요합니다. 주황색 픽셀에 잉크가 늘면 점수가 오르고, 파란색 픽셀에 늘면 내립니다.",
    label: (digit) => `그린 숫자 위에 나타낸 ${digit} 점수의 기울기`,
    caption: (digit, most) => `∂점수(${digit})/∂픽셀 · 파랑 −${most} · 0 · 주황 ${most}`,
  },

  shift: {
    title: "같은 숫자를 옆으로 옮기면",
    text: "필터는 모든 자리에서 가중치를 공유하므로 획이 어디에 있든 찾습니다. 완전연결 신경망은 가중치 수는 같지만 자리마다 따로 있어서 자리마다 다시 배워야 합니다. CNN도 결국 틀리는데, 마지막 층은 자리를 구별하기 때문입니다. 사각형 위에서 끌면 숫자가 옮겨집니다.",
    label: (network, dx, dy, p) =>
      `${network}, (${dx}, ${dy})만큼 옮김: ${p}. 화살표 키로 옮깁니다.`,
    at: (dx, dy, digit, cnn, dense) =>
      `(${dx}, ${dy})만큼 옮기면 p(${digit})는 CNN ${cnn}, 완전연결 ${dense}입니다.`,
    digit: "옮긴 숫자",
    chart: "시험용 숫자 500개, 옮긴 거리별",
    chartLabel: (cnn, dense) => `0에서 6픽셀까지의 정답률. CNN: ${cnn}. 완전연결: ${dense}.`,
    pixels: "픽셀",
    wait: (share) => `재는 중: ${share}`,
  },

  confusion: {
    title: "무엇을 무엇으로 보았나",
    text: "시험용 숫자 2,000개입니다. 행은 실제 숫자, 열은 CNN의 답입니다. 칸을 고르면 그림이 보이고, 그림을 누르면 위에서 그 숫자를 들여다봅니다.",
    label: (label, taken, count) =>
      `${label}${particle(label, "object")} ${taken}${particle(taken, "as")} 본 것이 ${count}번입니다. 화살표 키로 다른 칸을 고릅니다.`,
    is: "실제",
    taken: "답",
    caption: (label, taken, count) =>
      label === taken
        ? `${label}: ${count}개 정답`
        : `${label}${particle(label, "object")} ${taken}${particle(taken, "as")} 본 것 ${count}개`,
    pictures: "고른 칸의 그림입니다. 화살표 키로 고르고 Enter 키로 들여다봅니다.",
    none: "없습니다.",
    wait: "첫 측정이 진행 중입니다. 몇 단계가 필요합니다.",
    measured: (right, step) => `${step}단계에서 정답률 ${right}`,
  },
};
