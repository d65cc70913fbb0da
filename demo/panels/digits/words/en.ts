export const en = {
  name: "Digits",
  title: "Digits: a network that learns to see",
  lead: "A convolutional network learns handwritten digits from random weights, in this tab. Beside it a network without filters learns the same ones with as many weights.",
  settings: {
    filters: { label: "Filters", hint: "Of the first convolution; the second has twice as many." },
    size: {
      label: "Size of a filter",
      choices: { "3": "3 × 3", "5": "5 × 5", "7": "7 × 7" },
    },
    learningRate: { label: "Learning rate", hint: "How far a step goes. Large ones overshoot." },
    digits: { label: "Digits to learn from", hint: "The first of MNIST's 60,000." },
  },
  values: {
    "cnn.loss": "loss, CNN",
    "dense.loss": "loss, dense",
    "cnn.test": "right, CNN",
    "dense.test": "right, dense",
    loss: "loss (nats)",
    right: "right, of 2,000 it has not seen",
  },
  cnn: "CNN",
  dense: "dense",

  draw: {
    title: "Draw a digit",
    text: "The network sees it as it sees those that it learns from: boxed to 20 pixels and centred by its mass, in 28 × 28. Its answer follows your hand. Press a bar to have that digit explained below.",
    pad: "Drawing pad: draw a digit with a pointer, or with the arrow keys and a pen that Space puts down and lifts. Escape clears it.",
    penLabel: ({ x, y, isDown }: { x: number; y: number; isDown: boolean }) =>
      `Drawing pad. The pen is ${isDown ? "down" : "lifted"}, ${x} of 280 to the right, ${y} of 280 down.`,
    clear: "Clear",
    example: "A test digit",
    seen: "What the network sees",
    seenLabel: (answer: number) => `28 × 28 pixels; the CNN takes them for a ${answer}`,
    answers: "Probabilities",
    bar: (digit: number, cnn: string, dense: string) =>
      `${digit}: CNN ${cnn}, dense ${dense}. Explain this digit.`,
    legend: "bar: CNN · line: dense network",
    right: (label: number) => `A ${label} of the test set.`,
  },

  filters: {
    title: "Filters",
    text: "Each is a small square of weights that is laid on every place of the picture. Orange weights look for ink, blue ones for paper. They begin at random, and become edges and strokes. Choose one.",
    label: (filter: number, count: number) =>
      `Filter ${filter} of ${count} is chosen. Arrow keys choose another.`,
    scale: (most: string) => `blue −${most} · 0 · orange ${most}`,
  },

  slide: {
    title: "Convolution: one filter slides over the picture",
    text: "At each place the pixels under the filter are multiplied by its weights, and the products are added up. That sum, with a bias, is one cell of the feature map, or 0 where it is below (ReLU). Move over either picture, or use the arrow keys.",
    input: "Picture, with padding",
    products: "Pixel × weight",
    map: "Feature map",
    play: "Let it slide",
    stop: "Stop",
    sum: (sum: string, bias: string, total: string, cell: string) =>
      `sum ${sum} + bias ${bias} = ${total}  →  ReLU  →  ${cell}`,
    label: (row: number, column: number, cell: string) =>
      `Row ${row}, column ${column}: the cell is ${cell}. Arrow keys move the filter.`,
    productsLabel: (count: number) => `${count} products of pixels and weights`,
  },

  maps: {
    title: "Feature maps: convolution, pooling, and again",
    text: "Each filter makes a map of where it found something. Pooling keeps the largest of every four, so maps get smaller and what they say gets coarser: that there is a stroke, less and less where. Move over a cell to see what it comes from.",
    layers: {
      input: "picture",
      conv1: "convolution 1",
      pool1: "pooling 1",
      conv2: "convolution 2",
      pool2: "pooling 2",
    },
    scale: (most: string) => `0 … ${most}`,
    hint: "Choose a cell by a pointer, or by the arrow keys; Page Up and Page Down change the layer.",
    pixel: (row: number, column: number, value: string) =>
      `Pixel in row ${row}, column ${column}: ${value}.`,
    convolution: (map: number, value: string, weights: number, maps: number) =>
      `Map ${map}: ${value}, from ${weights} weights on ${maps === 1 ? "the picture" : `${maps} maps`}, outlined before it, and so on the digit.`,
    kernels: (layer: string, map: number) => `Filter ${map} of ${layer}`,
    pooling: (map: number, value: string) =>
      `Map ${map}: ${value}, the largest of the four that are outlined; the winner is filled.`,
  },

  flat: {
    title: "Flattened, then fully connected",
    text: "The last maps are laid in one row. Every number in it has a weight for each digit; the products are added up to that digit's score (logit). Orange spoke for it, blue against it: the ten that counted most are drawn on the digit, larger for more.",
    features: "numbers",
    weights: "weights",
    products: "products",
    digit: "The ten that counted most",
    score: (digit: number, sum: string, bias: string, logit: string) =>
      `For a ${digit}: products ${sum} + bias ${bias} = score ${logit}`,
    label: (count: number) =>
      `${count} numbers in a row, their weights and their products. Arrow keys choose one.`,
    onDigit: (digit: number) => `Where the ten largest products for a ${digit} come from`,
    hovered: (map: number, feature: string, weight: string, product: string) =>
      `Map ${map}: ${feature} × ${weight} = ${product}`,
  },

  saliency: {
    title: "Which pixels the answer hangs on",
    text: "The gradient of the digit's score with respect to every pixel, the stronger the more it matters. More ink at an orange pixel raises the score, at a blue one it lowers it.",
    label: (digit: number) => `Gradient of the score of ${digit} over the drawn digit`,
    caption: (digit: number, most: string) =>
      `∂score(${digit})/∂pixel · blue −${most} · 0 · orange ${most}`,
  },

  shift: {
    title: "The same digit, elsewhere",
    text: "Filters are shared by all places, so a stroke is found wherever it is. The dense network has as many weights, one for each place, and has to learn every place anew. The CNN falls, too, in the end: its last layer knows places. Drag over a square to shift the digit.",
    label: (network: string, dx: number, dy: number, p: string) =>
      `${network}, shifted by ${dx}, ${dy}: ${p}. Arrow keys shift the digit.`,
    at: (dx: number, dy: number, digit: number, cnn: string, dense: string) =>
      `Shifted by (${dx}, ${dy}): p(${digit}) is ${cnn} for the CNN, ${dense} for the dense network.`,
    digit: "The shifted digit",
    chart: "500 test digits, by how far they are shifted",
    chartLabel: (cnn: string, dense: string) =>
      `Share that is right at 0 to 6 pixels. CNN: ${cnn}. Dense: ${dense}.`,
    pixels: "pixels",
    wait: (share: string) => `Being measured: ${share}`,
  },

  confusion: {
    title: "What it takes for what",
    text: "2,000 test digits: rows are what they are, columns what the CNN took them for. Choose a cell to see its pictures; press a picture to look into it above.",
    label: (label: number, taken: number, count: number) =>
      `${count} times a ${label} was taken for a ${taken}. Arrow keys choose another cell.`,
    is: "is a",
    taken: "taken for a",
    caption: (label: number, taken: number, count: number) =>
      label === taken
        ? `${count} of ${label}, recognised`
        : `${count} × a ${label} taken for a ${taken}`,
    pictures: "Pictures of the chosen cell. Arrow keys choose one, Enter looks into it.",
    none: "None.",
    wait: "The first measurement is under way: it needs a few steps.",
    measured: (right: string, step: number) => `${right} right at step ${step}`,
  },
};
export type DigitsWords = typeof en;
