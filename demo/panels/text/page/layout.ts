/** Where the letters of a text stand in a grid of cells, words kept together where they can be. */

export interface Placed {
  readonly column: number;
  readonly line: number;
  /** Cells: 2 for what is written wide, as Hangul is. */
  readonly width: 1 | 2;
}

export interface Layout {
  readonly places: readonly Placed[];
  readonly lines: number;
}

const WIDE =
  /\p{Script=Hangul}|\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Emoji_Presentation}/u;

/**
 * Lines of at most `columns` cells; a line's last space, and the end of a line, may stand in the cell behind. A word
 * longer than a line is broken.
 */
export function layOut(letters: readonly string[], columns: number): Layout {
  const widths = letters.map((letter): 1 | 2 => (WIDE.test(letter) ? 2 : 1));
  const places: Placed[] = [];
  let [column, line] = [0, 0];
  const next = () => {
    column = 0;
    line++;
  };
  letters.forEach((letter, t) => {
    const width = widths[t] ?? 1;
    const isSpace = /\s/.test(letter);
    const beginsWord = !isSpace && (t === 0 || /\s/.test(letters[t - 1] ?? ""));
    if (beginsWord && column > 0) {
      const word = wordWidth(letters, widths, t);
      if (column + word > columns && word <= columns) next();
    }
    if (!isSpace && column + width > columns) next();
    if (isSpace && column > columns) next();
    places.push({ column, line, width });
    if (letter === "\n") next();
    else column += width;
  });
  return { places, lines: letters.at(-1) === "\n" ? line : line + 1 };
}

function wordWidth(letters: readonly string[], widths: readonly number[], from: number): number {
  let width = 0;
  for (let t = from; t < letters.length && !/\s/.test(letters[t] ?? ""); t++)
    width += widths[t] ?? 1;
  return width;
}

/** The letter at a cell; the nearest one of its line where there is none. Undefined where there are no letters. */
export function letterAt(layout: Layout, column: number, line: number): number | undefined {
  const wanted = Math.min(Math.max(0, line), layout.lines - 1);
  let best: number | undefined;
  let least = Number.POSITIVE_INFINITY;
  layout.places.forEach((place, t) => {
    if (place.line !== wanted) return;
    const far = Math.max(place.column - column, column - (place.column + place.width - 1), 0);
    if (far < least) [best, least] = [t, far];
  });
  return best;
}
