/** What the site has, and where it stands in its sidebar. */

/** Pages by their files in docs/, in the order of a reader. A test misses one that is not here. */
export const PAGES = {
  Start: {
    "Ten minutes": "start",
    "Coming from PyTorch": "from-pytorch",
    "Coming from TensorFlow.js": "from-tensorflow",
  },
  Guides: {
    "A web app": "web-app",
    "A worker": "worker",
    "Long sequences": "sequences",
    "Cells of your own": "cells",
    "Saving and resuming": "saving",
    "Data from elsewhere": "data",
    "Camera and files of the user": "camera",
    "What runs where, and why": "devices",
    "Testing on CI": "ci",
    Performance: "performance",
    Errors: "errors",
    Instruments: "instruments",
  },
  "In depth": {
    "Ops and verbs": "ops",
    Files: "files",
    Checkpoints: "checkpoints",
    "How far back networks remember": "memory",
    Benchmarks: "benchmarks",
    Stacks: "stacks",
    Releases: "releases",
    Architecture: "architecture",
    Kernels: "kernels",
  },
} as const;
