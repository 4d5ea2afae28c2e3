/**
 * Lines up columns for a terminal. Control characters in values are shown, not sent.
 *
 * @param options.alignRight - which columns hold numbers, by index
 */
export function renderTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  options: { readonly alignRight: (column: number) => boolean },
): string {
  const lines = [header, ...rows].map((row) => row.map(printable));
  const widths = header.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)));
  const render = (line: readonly string[]): string =>
    line
      .map((value, column) => {
        const width = widths[column] ?? 0;
        return options.alignRight(column) ? value.padStart(width) : value.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  return `${lines.map(render).join('\n')}\n`;
}

/** Names come from callers: a terminal must not obey them. */
export function printable(value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
  return value.replace(/[\u0000-\u001f\u007f-\u009f]/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}
