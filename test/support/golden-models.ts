/** The models of test/goldens/make_goldens.py that see images, as layers. */
import * as nn from "../../src/nn/index.ts";

/** `cnn` in the goldens. */
export function goldenCnn(): nn.Module {
  return nn.sequential(
    ...[nn.conv2d(1, 16, 3, { padding: "same" }), nn.relu(), nn.maxPool2d(2)],
    ...[nn.conv2d(16, 32, 3, { padding: "same" }), nn.relu(), nn.maxPool2d(2)],
    ...[nn.flatten(), nn.linear(32 * 7 * 7, 10)],
  );
}

/** `groupedCnn`: one filter a channel, two filters a channel, groups of four channels. */
export function goldenGroupedCnn(): nn.Module {
  return nn.sequential(
    ...[nn.conv2d(1, 8, 3, { padding: 1 }), nn.relu(), nn.maxPool2d(2)],
    ...[nn.conv2d(8, 8, 3, { stride: 2, padding: 1, groups: 8 }), nn.relu()],
    ...[nn.conv2d(8, 16, 3, { padding: 1, groups: 8 }), nn.relu()],
    ...[nn.conv2d(16, 12, 3, { groups: 4 }), nn.relu()],
    ...[nn.flatten(), nn.linear(12 * 5 * 5, 10)],
  );
}
