import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const file = new URL('../../docs/seeds.md', import.meta.url);
const table = readFileSync(file, 'utf8');
const rows = table.split('\n').filter((line) => /^\| *\d+ *\|/.test(line));
const cells = (row: string): string[] =>
  row.split(/ +\| +/).map((cell) => cell.replace(/^\||\|$/g, '').trim());

/** `[file](path) “title of a test”`, several to a row. */
const named = rows.flatMap((row) =>
  Array.from(
    row.matchAll(/\]\(([^)]+)\) “([^”]+)”/g),
    ([, path, title]) => [title as string, path as string] as const,
  ),
);

describe('the table of the seeds', () => {
  it('has a row for each snippet, and each says what runs it or why nothing does', () => {
    expect(rows).toHaveLength(112);
    for (const row of rows) {
      const [, snippet, where, remark] = cells(row);
      expect(snippet).not.toBe('');
      if (where === '–') expect(remark, row).not.toBe('');
    }
  });

  it.each(named)('names a test that is there: %s', (title, path) => {
    const source = readFileSync(new URL(path, file), 'utf8');
    const literally = title.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    // The text that opens a call, `it('…'` or `)('…'`, or a suite that is called by its name.
    expect(source).toMatch(new RegExp(`\\(\\s*['"\`][^\\n'"\`]*${literally}|\\b${literally}\\(`));
    expect(source).not.toMatch(new RegExp(`\\b(it|describe)\\.(skip|todo)\\(\\s*['"\`]${literally}`));
  });
});
