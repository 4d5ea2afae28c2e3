import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { problems } from './problems.ts';

const packages = new URL('../../../', import.meta.url);
const pages = new URL('../../../../docs/problems/', import.meta.url);

describe('problems', () => {
  it.each(Object.keys(problems))('%s has a page that says what, why and how', (id) => {
    const page = readFileSync(new URL(`${id}.md`, pages), 'utf8');
    expect(page).toMatch(new RegExp(`^# \`${id}\`\n`));
    expect(page).toContain('\n## Why it matters\n');
    expect(page).toContain('\n## How to fix it\n');
  });

  it('has a page for every reason code that a refusal can carry', () => {
    const named = codesIn('core/src/decision.ts', /'([A-Z]+(?:_[A-Z]+)+)'/g);
    const ours = ['governor/src', 'policy/src'].flatMap((folder) =>
      codesIn(folder, /['`](x(?:_[a-z]+)+)['`]/g),
    );
    expect(named).toContain('BUDGET_EXCEEDED');
    expect(ours).toContain('x_unpriced_model');
    expect([...named, ...ours].filter((code) => !existsSync(new URL(`${code}.md`, pages)))).toEqual([]);
  });

  it('leaves no page without a problem or a reason code', () => {
    const reasons = /^# `(x_[a-z_]+|[A-Z_]+)`/;
    const strays = readdirSync(pages)
      .filter((name) => name !== 'README.md' && !Object.hasOwn(problems, name.replace(/\.md$/, '')))
      .filter((name) => !reasons.test(readFileSync(new URL(name, pages), 'utf8')));
    expect(strays).toEqual([]);
  });
});

/** What a pattern finds in a source file, or in all of a folder, tests aside. */
function codesIn(place: string, pattern: RegExp): string[] {
  const path = fileURLToPath(new URL(place, packages));
  const files = statSync(path).isDirectory()
    ? readdirSync(path, { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
        .map((name) => `${path}/${name}`)
    : [path];
  return files.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(pattern)].map((match) => match[1] as string),
  );
}
