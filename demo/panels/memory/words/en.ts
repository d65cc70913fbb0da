/** The words of the memory panel. */
const CELLS = { rnn: "RNN", gru: "GRU", lstm: "LSTM", own: "your cell" };

export const en = {
  name: "Memory",
  title: "How far back does a network remember?",
  lead: "Recurrent networks read one thing after the other and keep what they have read in a state. Here an RNN, a GRU, an LSTM and a cell that you write yourself learn the same task from the same sequences, one step each in turn. What they learn depends on how far back the gradient reaches.",
  cells: CELLS,
  settings: {
    task: {
      label: "Task",
      choices: {
        recall: "recall a word",
        copy: "copy three letters",
        adding: "add two marked numbers",
        order: "order of two letters",
        parity: "parity of the ones",
        brackets: "which bracket closes",
      },
    },
    lag: { label: "Lag", hint: "Steps from what has to be known to the answer." },
    window: {
      label: "Truncation window",
      hint: "How many steps the gradient goes back.",
      choices: { "3": "3 steps", "5": "5 steps", "20": "20 steps", whole: "the whole sequence" },
    },
    gates: {
      label: "Gates at the start",
      hint: "Open: the state is kept for up to as many steps as the lag.",
      choices: { open: "open", plain: "as usual" },
    },
  },
  values: {
    rnnAccuracy: "RNN",
    gruAccuracy: "GRU",
    lstmAccuracy: "LSTM",
    ownAccuracy: "your cell",
    rnnLoss: "RNN, loss",
    gruLoss: "GRU, loss",
    lstmLoss: "LSTM, loss",
    ownLoss: "your cell, loss",
  },
  accuracyUnit: "right answers by sequences",
  asked: {
    title: "What is asked",
    texts: {
      recall:
        "A country, then words that say nothing, then the question: which language? Nothing but the first word helps.",
      copy: "Three letters, then nothing, then the three are asked for in their order.",
      adding:
        "Numbers, two of them with a star. Asked for is the sum of those two; off by 0.1 at most counts as right.",
      order: "Two letters among dots. Asked for is which of them came in which order.",
      parity: "Zeros and ones. Is the number of ones odd? Every one turns the answer over.",
      brackets:
        "Brackets of two kinds inside each other. Which must close next, at the end? It was opened at the very beginning.",
    },
    reads: "It reads",
    should: "It should say",
    says: "says",
    more: (count: number) => `… ${count} more …`,
    other: "Another sequence",
  },
  gradient: {
    title: "How far back the gradient reaches",
    text: "Training changes a step by the gradient that comes back to it from the answer: ‖∂loss/∂hₜ‖. In the RNN every step back multiplies it by less than one, so it vanishes (vanishing gradient). Gates let it pass. Thin: before anything was learned; thick: now.",
    axis: "steps before the answer",
    readout: "Read it off",
    distance: (steps: number) => `${steps} steps before the answer`,
    start: "at the start",
    now: "now",
    cell: "cell state c",
    cut: "the gradient is cut here",
    none: "0",
    label: (lines: string) =>
      `Gradient norm by distance from the answer, on a logarithmic scale. ${lines}`,
  },
  film: {
    title: "Back-propagation through time, step by step",
    text: "The network unrolled in time, a column for every step. Forward, each step hands its state on. Then the loss goes back, step by step; an arrow is as wide as the square root of its gradient norm.",

    network: "Network",
    position: "Step of the film",
    back: "Previous",
    forth: "Next",
    play: "Play",
    stop: "Stop",
    loss: "loss",
    wayForward: (t: number, word: string) =>
      `Forward, step ${t}: reads “${word}” and hands its state on.`,
    atLoss: (loss: string, answer: string) =>
      `The answer should be “${answer}”. Loss ${loss}: from here it goes back.`,
    wayBack: (t: number, norm: string, share: string) =>
      `Back at step ${t}: ‖∂loss/∂h‖ = ${norm}, ${share} of the last step’s.`,
    cut: (t: number) =>
      `Cut before step ${t}: the window ends here. The state has crossed, the gradient does not.`,
    none: (t: number) => `Step ${t} lies beyond the window: no gradient, nothing to learn from.`,
    lanes: (kept: string, read: string) =>
      `Into c: ${kept} along c, times the forget gate; ${read} from h, through the output gate.`,
    lane: { h: "h: through R", c: "c: × forget gate" },
    label: (text: string) => `The network unrolled in time. ${text}`,
  },
  lstm: {
    title: "Two gradients in an LSTM, and how they join",
    text: "h and c each have one. ∂loss/∂cₜ is the sum of what comes along c, only multiplied by the forget gate, and of what comes from h through the output gate. The way along h goes through the matrix R at every step, as in an RNN, and fades; the way along c does not have to. Step back through the film of the LSTM to see them join.",
    kept: "into c, along c: × forget gate",
    read: "into c, from h: × output gate",
    h: "into h: through R",
    axis: "steps before the answer",
    forget: (mean: string) => `The forget gate is open to ${mean} on average.`,
    label: (lines: string) =>
      `The two ways into the LSTM’s cell state, by step, on a logarithmic scale. ${lines}`,
  },
  truncation: {
    title: "What a step costs, by window",
    text: "Truncated BPTT cuts a long sequence into windows. The state crosses from one to the next, the gradient does not: only one window’s steps have to be kept. But every window is an update of its own, so short ones take more time for each step. What lies beyond the window cannot be learned, unless a trace of it is left in the state. Measured in this tab, an LSTM on a sequence of 120 steps:",
    unit: "µs a step of the sequence",
    whole: "whole",
    steps: (count: number) => `${count} steps`,
    measure: "Measure",
    measuring: "measuring …",
    show: "Show a blind window: lag 15, window 5",
    label: (rows: string) => `Time for a step by window. ${rows}`,
  },
  sweep: {
    title: "Accuracy by lag",
    text: "For every lag from 5 to 100 a new network of each kind learns from at most 300 batches, point by point. It takes about half a minute, while the training above waits.",
    measure: "Measure",
    stop: "Stop",
    done: "All points are measured.",
    axis: "lag",
    empty: "Nothing is measured yet.",
    unit: "right answers",
    chance: "guessing",
    label: (points: string) => `Accuracy by lag. ${points}`,
  },
  own: {
    title: "Your own cell",
    text: "Four lines say what a step makes of x, what it reads, and of its states h and c. Names that begin with W, R or b are weights: W takes x to the units, R takes a state to the units, b is a bias. @ multiplies matrices, * number by number. The library walks it with scan and finds its gradient.",
    code: "The cell",
    functions:
      "There are sigmoid, tanh, relu, exp, log, abs, sqrt, square, softplus, sin, cos, max and min.",
    run: "Train this cell",
    restore: "As it was",
    right: (weights: string) => `Its weights: ${weights}.`,
    wrong: (line: number, column: number, message: string) =>
      `Line ${line}, place ${column}: ${message}`,
    offered: "This cell came with the link. Read it; it runs when you press “Train this cell”.",
    running: "This cell is the one that is trained.",
    lost: "Its loss is not a finite number (NaN): it divided by nothing, or numbers grew without bound. Such steps are left out, so it learns nothing; the other networks go on. sigmoid and tanh keep numbers small; / and log need something that is never 0.",
  },
};
