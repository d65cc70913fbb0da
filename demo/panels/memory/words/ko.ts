import type { Translated } from "../../../words/language.ts";
import type { en } from "./en.ts";

/** The words of the memory panel, in Korean. */
export const ko: Translated<typeof en> = {
  name: "기억",
  title: "신경망은 얼마나 오래 기억할까?",
  lead: "순환 신경망은 하나씩 차례로 읽고, 읽은 것을 은닉 상태에 담아 둡니다. 여기서는 RNN, GRU, LSTM, 그리고 직접 쓴 셀이 같은 순서열로 같은 과제를 한 단계씩 번갈아 배웁니다. 무엇을 배울 수 있는지는 기울기가 얼마나 멀리 거슬러 가는지에 달려 있습니다.",
  cells: { rnn: "RNN", gru: "GRU", lstm: "LSTM", own: "내 셀" },
  settings: {
    task: {
      label: "과제",
      choices: {
        recall: "단어 떠올리기",
        copy: "세 글자 따라 쓰기",
        adding: "표시된 두 수 더하기",
        order: "두 글자의 순서",
        parity: "1의 개수가 홀수인가",
        brackets: "닫을 괄호 고르기",
      },
    },
    lag: { label: "지연", hint: "알아야 할 것에서 답까지의 단계 수입니다." },
    window: {
      label: "절단 창",
      hint: "기울기가 거슬러 가는 단계 수입니다.",
      choices: { "3": "3단계", "5": "5단계", "20": "20단계", whole: "순서열 전체" },
    },
    gates: {
      label: "처음의 게이트",
      hint: "열림: 상태를 지연만큼의 단계까지 간직합니다.",
      choices: { open: "열림", plain: "보통" },
    },
  },
  values: {
    rnnAccuracy: "RNN",
    gruAccuracy: "GRU",
    lstmAccuracy: "LSTM",
    ownAccuracy: "내 셀",
    rnnLoss: "RNN 손실",
    gruLoss: "GRU 손실",
    lstmLoss: "LSTM 손실",
    ownLoss: "내 셀 손실",
  },
  accuracyUnit: "정답률 (가로: 본 순서열 수)",
  asked: {
    title: "무엇을 묻는가",
    texts: {
      recall:
        "나라 이름, 아무 뜻 없는 단어들, 그리고 물음: 어느 나라 말인가? 첫 단어만이 답을 알려 줍니다. 장기 의존성의 가장 단순한 예입니다.",
      copy: "세 글자, 빈 단계들, 그리고 세 글자를 순서대로 다시 묻습니다.",
      adding:
        "수들이 이어지고 둘에 별표가 있습니다. 그 둘의 합을 묻고, 0.1 이내면 맞은 것으로 칩니다.",
      order: "점들 사이에 글자 둘이 있습니다. 어떤 순서로 나왔는지 묻습니다.",
      parity: "0과 1이 이어집니다. 1의 개수는 홀수인가? 1이 나올 때마다 답이 뒤집힙니다.",
      brackets:
        "두 가지 괄호가 겹쳐 있습니다. 끝에서 다음에 닫을 괄호는? 맨 처음에 열린 괄호입니다.",
    },
    reads: "읽는 것",
    should: "나와야 할 답",
    says: "답",
    more: (count) => `… ${count}개 더 …`,
    other: "다른 순서열",
  },
  gradient: {
    title: "기울기는 얼마나 멀리 거슬러 가는가",
    text: "학습은 답에서 각 단계로 되돌아오는 기울기 ‖∂loss/∂hₜ‖로 이루어집니다. RNN에서는 한 단계 거슬러 갈 때마다 1보다 작은 수가 곱해져 사라집니다(기울기 소실). 게이트는 기울기를 지나가게 합니다. 가는 선은 학습 전, 굵은 선은 지금입니다.",
    axis: "답 이전의 단계 수",
    readout: "값 읽기",
    distance: (steps) => `답보다 ${steps}단계 전`,
    start: "처음",
    now: "지금",
    cell: "셀 상태 c",
    cut: "여기서 기울기가 잘립니다",
    none: "0",
    label: (lines) => `답에서의 거리에 따른 기울기 크기, 로그 눈금. ${lines}`,
  },
  film: {
    title: "시간에 따른 역전파(BPTT), 한 단계씩",
    text: "신경망을 시간으로 펼쳤습니다. 한 열이 한 단계입니다. 앞으로 가며 각 단계는 은닉 상태를 넘기고, 그다음 손실이 한 단계씩 되돌아갑니다. 화살표의 굵기는 기울기 크기의 제곱근입니다.",

    network: "신경망",
    position: "필름의 단계",
    back: "이전",
    forth: "다음",
    play: "재생",
    stop: "멈춤",
    loss: "손실",
    wayForward: (t, word) => `순전파, ${t}단계: “${word}”를 읽고 상태를 넘깁니다.`,
    atLoss: (loss, answer) =>
      `답은 “${answer}”이어야 합니다. 손실 ${loss}: 여기서부터 되돌아갑니다.`,
    wayBack: (t, norm, share) =>
      `역전파, ${t}단계: ‖∂loss/∂h‖ = ${norm}, 마지막 단계의 ${share}입니다.`,
    cut: (t) =>
      `${t}단계 앞에서 잘림: 창이 여기서 끝납니다. 상태는 건너왔지만 기울기는 건너가지 못합니다.`,
    none: (t) => `${t}단계는 창 밖입니다. 기울기가 없어 배울 것이 없습니다.`,
    lanes: (kept, read) =>
      `c로: c를 따라 망각 게이트를 곱해 ${kept}, h에서 출력 게이트를 지나 ${read}.`,
    lane: { h: "h: R을 지나", c: "c: × 망각 게이트" },
    label: (text) => `시간으로 펼친 신경망. ${text}`,
  },
  lstm: {
    title: "LSTM의 두 기울기는 어떻게 합쳐지는가",
    text: "h와 c에는 각각 기울기가 있습니다. ∂loss/∂cₜ는 c를 따라 망각 게이트만 곱해져 오는 것과, h에서 출력 게이트를 지나 오는 것의 합입니다. h를 따르는 길은 RNN처럼 단계마다 행렬 R을 지나 희미해지지만, c를 따르는 길은 그렇지 않을 수 있습니다. LSTM의 필름을 뒤로 넘기며 합쳐지는 곳을 보세요.",
    kept: "c로, c를 따라: × 망각 게이트",
    read: "c로, h에서: × 출력 게이트",
    h: "h로: R을 지나",
    axis: "답 이전의 단계 수",
    forget: (mean) => `망각 게이트는 평균 ${mean} 열려 있습니다.`,
    label: (lines) => `LSTM의 셀 상태로 들어오는 두 길, 단계별, 로그 눈금. ${lines}`,
  },
  truncation: {
    title: "창에 따른 한 단계의 비용",
    text: "절단된 BPTT는 긴 순서열을 창으로 자릅니다. 상태는 창을 건너가지만 기울기는 건너가지 않아, 한 창의 단계만 간직하면 됩니다. 그러나 창마다 갱신이 따로 있어, 짧은 창은 한 단계에 시간이 더 듭니다. 창 너머의 것은 상태에 흔적이 남아 있지 않으면 배울 수 없습니다. 이 탭에서 잰, 120단계 순서열의 LSTM:",
    unit: "순서열 한 단계에 µs",
    whole: "전체",
    steps: (count) => `${count}단계`,
    measure: "재기",
    measuring: "재는 중 …",
    show: "보지 못하는 창: 지연 15, 창 5",
    label: (rows) => `창에 따른 한 단계의 시간. ${rows}`,
  },
  sweep: {
    title: "지연에 따른 정답률",
    text: "지연 5에서 100까지 셀마다 새 신경망이 많아야 300개의 배치로 배우며, 점이 하나씩 생깁니다. 30초쯤 걸리고 그동안 위의 학습은 기다립니다.",
    measure: "재기",
    stop: "멈춤",
    done: "모든 점을 쟀습니다.",
    axis: "지연",
    empty: "아직 잰 것이 없습니다.",
    unit: "정답률",
    chance: "찍기",
    label: (points) => `지연에 따른 정답률. ${points}`,
  },
  own: {
    title: "나만의 셀",
    text: "네 줄이 한 단계를 말합니다. 읽는 것은 x, 상태는 h와 c입니다. W, R, b로 시작하는 이름은 가중치입니다. W는 x를, R은 상태를 유닛으로 보내고, b는 편향입니다. @는 행렬의 곱, *는 수끼리의 곱입니다. 라이브러리가 scan으로 걷고 기울기를 찾습니다.",
    code: "셀",
    functions:
      "쓸 수 있는 함수: sigmoid, tanh, relu, exp, log, abs, sqrt, square, softplus, sin, cos, max, min.",
    run: "이 셀을 학습",
    restore: "처음 셀로",
    right: (weights) => `가중치: ${weights}.`,
    wrong: (line, column, message) => `${line}번째 줄, ${column}번째 자리: ${message}`,
    offered: "이 셀은 링크에서 왔습니다. 읽어 보세요. “이 셀을 학습”을 눌러야 실행됩니다.",
    running: "지금 학습하는 셀입니다.",
    lost: "손실이 유한한 수가 아닙니다(NaN). 0으로 나누었거나 수가 끝없이 커졌습니다. 그런 단계는 버리므로 이 셀은 배우지 못하고, 다른 신경망은 계속합니다. sigmoid와 tanh는 수를 작게 지키고, /와 log에는 0이 되지 않는 수가 필요합니다.",
  },
};
