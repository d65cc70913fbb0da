/** What is said of files that are almost PyTorch's: what must hold, what stands there, at which byte, what to do. */
import { readTorch } from "../../../src/io/index.ts";
import { type ErrorRow, holdTexts } from "../../support/error-rows.ts";
import { type Zip, zipOf } from "../../support/io/zip.ts";

const ANEW = "Get the file anew, or write it again.";
const SAVE = "Save the state dict: torch.save(model.state_dict(), path).";
const EMPTY = "\x80\x02}.";
const NAME = "archive/data.pkl";

/** A file of an empty dict, and of one of `other`, in which something is changed. */
const changed = (change: (zip: Zip) => void, other: readonly [string, string][] = [], gap = 0) => {
  const zip = zipOf([[NAME, EMPTY], ...other], gap);
  change(zip);
  return readTorch(zip.bytes);
};
const pickled = (program: string) => readTorch(zipOf([[NAME, `\x80\x02${program}`]]).bytes);
const int = (n: number) =>
  String.fromCharCode(n & 255, (n >> 8) & 255, (n >> 16) & 255, (n >>> 24) & 255);
const storage = (length: number) =>
  `(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuJ${int(length)}NtQ`;

const zips: readonly ErrorRow[] = [
  [
    `bytes: "${NAME}" must have the checksum 2313074493; got 1460219757 at byte 46. It is damaged: get the file anew.`,
    () => changed(({ bytes }) => bytes.fill(0x29, 48, 49)),
  ],
  [
    `bytes: "${NAME}" must be stored as it is; got a packed or encrypted entry at byte 0. torch.save packs nothing: zip it anew without compression (zip -0).`,
    () => changed(({ view, central: [at = 0] }) => view.setUint16(at + 10, 8, true)),
  ],
  [
    `bytes: "${NAME}" must begin with PK 3 4; got 0x504b0000 at byte 0. ${ANEW}`,
    () => changed(({ view }) => view.setUint16(2, 0)),
  ],
  [
    `bytes: an entry must have the name that the directory has for it; got another at byte 30. ${ANEW}`,
    () => changed(({ bytes }) => bytes.fill(0x41, 30, 31)),
  ],
  [
    `bytes: names must be UTF-8; got other bytes at byte 96. ${ANEW}`,
    () => changed(({ bytes, central: [at = 0] }) => bytes.fill(0xff, at + 46, at + 47)),
  ],
  [
    `bytes: "${NAME}" must end before byte 50; got 9046 at byte 0. ${ANEW}`,
    () =>
      changed(({ view, central: [at = 0] }) => {
        view.setUint32(at + 20, 9000, true);
        view.setUint32(at + 24, 9000, true);
      }),
  ],
  [
    `bytes: "${NAME}" must end before byte 50; got 60 at byte 0. ${ANEW}`,
    () => changed(({ view }) => view.setUint16(28, 10, true)),
  ],
  [
    `bytes: an entry of the directory must begin with PK 1 2; got 0x00000000 at byte 50. ${ANEW}`,
    () => changed(({ view, central: [at = 0] }) => view.setUint32(at, 0)),
  ],
  [
    `bytes: the directory must hold its entries; got a cut one at byte 50. ${ANEW}`,
    () => changed(({ view, central: [at = 0] }) => view.setUint16(at + 28, 60_000, true)),
  ],
  [
    `bytes: the directory must lie before byte 112; got 50 to 9050 at byte 112. ${ANEW}`,
    () => changed(({ view, end }) => view.setUint32(end + 12, 9000, true)),
  ],
  [
    `bytes: the directory's end must lie before byte 168; got 9000 at byte 168. ${ANEW}`,
    () =>
      changed(
        ({ view, end }) => {
          view.setUint32(end - 20, 0x07064b50, true);
          view.setBigUint64(end - 12, 9000n, true);
        },
        [],
        76,
      ),
  ],
  [
    `bytes: the directory's end must begin with PK 6 6; got 0x00000000 at byte 112. ${ANEW}`,
    () =>
      changed(
        ({ view, end }) => {
          view.setUint32(end - 20, 0x07064b50, true);
          view.setBigUint64(end - 12, 112n, true);
        },
        [],
        76,
      ),
  ],
  [
    `bytes: a pickle must have at most 67108864 bytes; got 67108865 at byte 0. ${ANEW}`,
    () => changed(({ view, central: [at = 0] }) => view.setUint32(at + 24, 64 * 2 ** 20 + 1, true)),
  ],
  [
    `bytes: the byte order must be little or big; got "middle" at byte 97. ${ANEW}`,
    () => changed(() => undefined, [["archive/byteorder", "middle"]]),
  ],
];

const pickles: readonly ErrorRow[] = [
  [
    `bytes: the protocol must be from 2 to 5; got 1 at byte 48. ${SAVE}`,
    () => pickled("\x80\x01."),
  ],
  [
    `bytes: an OrderedDict must be made empty; got arguments at byte 76. ${SAVE}`,
    () => pickled("ccollections\nOrderedDict\nK\x01\x85R."),
  ],
  [
    `bytes: a storage must say how many numbers it has; got -1 at byte 102. ${SAVE}`,
    () => pickled(`${storage(-1)}.`),
  ],
  [
    `bytes: what lies outside must be a storage of known numbers; got something else at byte 50. ${SAVE}`,
    () => pickled("K\x01Q."),
  ],
  [
    `bytes: a tensor must be made of a storage; got something else at byte 84. ${SAVE}`,
    () => pickled("ctorch._utils\n_rebuild_tensor_v2\nK\x01\x85R."),
  ],
  [
    `bytes: bytes must be made of a text in latin1; got something else at byte 67. ${SAVE}`,
    () => pickled("c_codecs\nencode\nK\x01\x85R."),
  ],
  [
    `bytes: items must be set in pairs, in a dict; got something else at byte 54. ${SAVE}`,
    () => pickled("K\x01K\x02K\x03s."),
  ],
  [
    `bytes: items must be appended to a list; got something else at byte 51. ${SAVE}`,
    () => pickled(")K\x01a."),
  ],
  [
    `bytes: what is imported must be named by texts; got something else at byte 52. ${SAVE}`,
    () => pickled("K\x01K\x02\x93."),
  ],
  [
    `bytes: names must be texts or numbers, and none __proto__; got __proto__ at byte 0. ${ANEW}`,
    () => pickled("}X\x09\0\0\0__proto__K\x01s."),
  ],
  [
    `bytes: storage 0 must be the same everywhere; got F32[5] and F32[4] at byte 157. ${SAVE}`,
    () => pickled(`${storage(4)}${storage(5)}.`),
  ],
  [
    `bytes: a file must have no more parts than its pickle has bytes, and end somewhere; got more at byte 0. ${ANEW}`,
    () => pickled("]q\x00h\x00a."),
  ],
  [
    `bytes: a file must have no more parts than its pickle has bytes, and end somewhere; got more than 64 one in the other at byte 0. ${ANEW}`,
    () => pickled(`${"]".repeat(70)}${"a".repeat(69)}.`),
  ],
];

holdTexts([...zips, ...pickles]);
