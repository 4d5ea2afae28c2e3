/** How wide reports are: a terminal of the usual size shows them whole. */
export const reportWidth = 80;

/**
 * Breaks text at spaces so that no line is wider than a report, words too long for that excepted.
 *
 * @param first - what the first line begins with; the others are indented as far
 */
export function wrapped(first: string, text: string): string {
  const indent = ' '.repeat(first.length);
  const lines: string[] = [];
  let line = first;
  let isEmpty = true;
  for (const word of text.split(/\s+/)) {
    if (!isEmpty && line.length + 1 + word.length > reportWidth) {
      lines.push(line);
      line = indent;
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return `${[...lines, line].map((one) => one.trimEnd()).join('\n')}\n`;
}
