const count = (n: number) => n.toLocaleString("en");

export const en = {
  name: "Text",
  title: "Text: a network that learns to write",
  lead: "An LSTM reads a text one character at a time and guesses the next one. Every wrong guess changes its weights a little. Nobody tells it what a word is, a line or a quotation mark.",
  settings: {
    units: {
      label: "Units of the LSTM",
      hint: "Each has a cell that can hold one number for as long as its gates let it.",
    },
    window: {
      label: "Window of truncated BPTT",
      hint: "The gradient goes back so many characters; the state goes on through the whole text.",
    },
    learningRate: { label: "Learning rate" },
  },
  values: {
    unit: "bits per character",
    bits: "bits, read",
    heldOut: "bits, unseen",
    trigram: "counting triples",
    uniform: "plain guessing",
    norm: "gradient norm",
  },
  samples: {
    title: "What it writes by itself",
    text: "The same beginning and the same dice each time, after more and more steps: first the letters, then words, then lines and quotation marks. The bluer a letter, the surer the network was of it.",
    step: (step: number) => `step ${count(step)}`,
    label: (step: number, text: string) => `Written after ${step} steps: ${text}`,
  },
  write: {
    title: "Begin, and let it go on",
    text: "Every character is drawn from what the network expects and read as the next one. The temperature divides its logits: low, and the likely becomes certain; high, and everything becomes possible. Moving it recomputes only the probabilities; where the same dice would have fallen on another character, the rest fades, and the network writes on from there.",
    beginning: "Beginning",
    example: "“Oh dear!” said Alice, ",
    temperature: "Temperature",
    go: "Go on",
    luck: "Other dice",
    label: "What the network wrote. Arrow keys move over the letters.",
    unknown: (letters: string) => `Not in the text, so left out: ${letters}`,
    after: (before: string) => `Next after “${before}”`,
    letter: (letter: string, share: string) => `${letter}, ${share} probable`,
  },
  inside: {
    title: "What goes on inside while it reads",
    text: "Behind every letter is what one unit’s cell holds: orange is plus, blue is minus. Click a unit in the map below to follow it; click a letter to see which earlier letters its probability hangs on (the size of the gradient of its logit with respect to each earlier letter); drag over letters to find the units that are on for exactly those.",
    reads: "It reads",
    passages: { text: "a passage of the text", written: "what it has written" },
    label:
      "The text that is read, letter by letter. Arrow keys move, Enter shows what a letter hangs on, Shift and arrows mark a range.",
    letter: (letter: string, state: string) => `${letter}: ${state}`,
    expects: (before: string) => `Expected after “${before}”`,
    legendUnit: (unit: number, correlation: string) =>
      `Shaded by tanh(c) of unit ${unit}${correlation}.`,
    correlation: (feature: string, value: string) =>
      `, whose correlation with ${feature} is ${value}`,
    legendInfluence: (letter: string) =>
      `Orange: how much “${letter}” hangs on each earlier letter. Click it again to go back.`,
    gates: (letter: string, unit: number, values: string) =>
      `At “${letter}”, unit ${unit}: ${values}`,
    threshold: "On from tanh(c) of",
    brush:
      "Drag over some letters, or mark them with Shift and the arrow keys: here come the units that are on for exactly those.",
    found: (n: number, text: string, from: string) =>
      n === 0
        ? `No unit is on for exactly “${text}” (|tanh(c)|\u00a0≥\u00a0${from}). Lower the threshold, or mark another range.`
        : `${n === 1 ? "One unit is" : `${n} units are`} on for exactly “${text}” (|tanh(c)|\u00a0≥\u00a0${from}):`,
    shows: "Show",
    quantities: { f: "forget gate f", i: "input gate i", o: "output gate o", c: "cell tanh(c)" },
    short: { f: "f", i: "i", o: "o", c: "tanh(c)" },
    sortBy: "Sort units by",
    features: {
      quotes: "quotation",
      line: "place in the line",
      spaces: "spaces",
      depth: "brackets",
    },
    mapLabel: "Letters across, units down. Arrow keys move, Enter follows a unit.",
    cell: (letter: string, unit: number, value: string) => `${letter}, unit ${unit}: ${value}`,
    mapText:
      "c = f·c before + i·new: a forget gate near 1 (dark) keeps what the cell holds, an input gate near 1 writes, an output gate near 1 shows it. Units that move most with the text come first, compared over a thousand letters; they are sorted anew at a pause and at the steps above.",
  },
  source: {
    title: "What it learns from",
    text: "A text of some ten thousand characters shows something within seconds. A pasted text stays in this browser. Characters are what you see, not bytes: a Hangul syllable is one.",
    which: "Text",
    names: {
      alice: "Alice in Wonderland, three chapters (Lewis Carroll, 1865)",
      "moby-dick": "Moby Dick, the beginning (Herman Melville, 1851)",
      korean: "시: 김소월, 윤동주 (Korean poems, 1925–1942)",
      own: "a text of your own",
    },
    own: "Your text",
    placeholder:
      "Paste a text of at least 400 characters: a chapter, a song book, source code, a chat.",
    train: "Train on this text",
    count: (letters: number, kinds: number) =>
      `${count(letters)} characters, ${count(kinds)} different ones`,
    tooShort: (got: number, least: number) =>
      `At least ${least} characters are needed; this text has ${got}.`,
    facts: (letters: number, kinds: number) =>
      `${count(letters)} characters, ${count(kinds)} different ones. The last tenth is not learned from: “bits, unseen” are measured on it. Where they rise while “bits, read” fall, the network learns by heart.`,
    rare: (n: number, most: number) =>
      `The network takes ${count(most)} different characters; the ${count(n)} rarest ones stand as �.`,
    cut: (most: number) => `Only the first ${count(most)} characters are read.`,
  },
};
export type TextWords = typeof en;
