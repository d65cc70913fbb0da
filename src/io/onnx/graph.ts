/** An ONNX graph while it is written, node by node. */
import type { Attribute, Constant, Node } from "./encode.ts";

/** What a layer is given and gives. Images lie [N, H, W, C] here and [N, C, H, W] in ONNX's convolutions. */
export interface Written {
  readonly name: string;
  /** Whether it lies as ONNX's convolutions have it: several of them behind each other turn it once. */
  readonly isChannelsFirst: boolean;
}

export class GraphWriter {
  readonly nodes: Node[] = [];
  readonly constants: Constant[] = [];

  /** A node with one output, and that output's name. */
  node(
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): string {
    const name = `${op}_${this.nodes.length}`;
    this.nodes.push({ op, inputs, outputs: [name], attributes });
    return name;
  }

  constant(name: string, shape: readonly number[], data: Constant["data"]): string {
    // Names are paths of layers; what a node needs beside them has no name of its own.
    const own = this.constants.some((one) => one.name === name)
      ? `${name}_${this.constants.length}`
      : name;
    this.constants.push({ name: own, shape, data });
    return own;
  }

  channelsFirst({ name, isChannelsFirst }: Written): string {
    return isChannelsFirst ? name : this.node("Transpose", [name], { perm: [0, 3, 1, 2] });
  }

  channelsLast({ name, isChannelsFirst }: Written): string {
    return isChannelsFirst ? this.node("Transpose", [name], { perm: [0, 2, 3, 1] }) : name;
  }
}
