/** Korean particles, whose form depends on the sound before them. */

/** How the digits are read. */
const DIGITS = "영일이삼사오육칠팔구";
const FIRST_SYLLABLE = 0xac00;
const SYLLABLES = 11_172;
/** Of the 28 ends of a syllable: none, and ㄹ, which 으로 takes for none. */
const [NONE, RIEUL] = [0, 8];

const particles = {
  object: ["을", "를"],
  subject: ["이", "가"],
  with: ["과", "와"],
  as: ["으로", "로"],
} as const;

/** The particle behind `word`; both forms, as "을(를)", where its last sound is not known: of a Latin letter. */
export function particle(word: string | number, kind: keyof typeof particles): string {
  const [consonant, vowel] = particles[kind];
  const last = Array.from(String(word)).at(-1) ?? "";
  const syllable = (/\d/.test(last) ? (DIGITS[Number(last)] ?? "") : last).codePointAt(0) ?? 0;
  const at = syllable - FIRST_SYLLABLE;
  if (at < 0 || at >= SYLLABLES) return `${consonant}(${vowel})`;
  const end = at % 28;
  return end === NONE || (end === RIEUL && kind === "as") ? vowel : consonant;
}
