// Workgroup memory of the tiled products: BK steps of k of BM rows and of BN columns, k-major. An operand is staged in
// blocks of 4 × 4, of which invocation i stages the ROUNDS blocks i, i + THREADS, …; A's come before B's.
// Constants: BM, BN, BK the tile, multiples of 4; TM, TN the register tile, 4 or 8; ROUNDS.

const A_BLOCKS = $(BM * BK / 16)u;
const BLOCKS = $((BM + BN) * BK / 16)u;
const THREADS = $(BM * BN / TM / TN)u;
const B_START = $(BK * BM / 4)u;

// A as [BK][BM / 4], then B as [BK][BN / 4].
var<workgroup> tile: array<vec4<f32>, $(BK * (BM + BN) / 4)>;
