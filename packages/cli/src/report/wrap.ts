import { printable } from './table.ts';

/** Breaks text into lines that fit a terminal; the lines after the first one are set in. */
export function wrap(text: string, options: { readonly indent: number; readonly width?: number }): string {
  const { indent, width = 80 } = options;
  const lines: string[] = [];
  let line = '';
  for (const word of printable(text).split(' ')) {
    const room = width - indent;
    if (line !== '' && line.length + 1 + word.length > room) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].map((one) => `${' '.repeat(indent)}${one}\n`).join('');
}
