import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { genaiSource, piAiSource } from '../scripts/import/sources.ts';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');

describe('the notices', () => {
  it('travel with the package, as they stand in the project', () => {
    expect(read('../THIRD_PARTY_NOTICES')).toBe(read('../../../THIRD_PARTY_NOTICES'));
    expect(JSON.parse(read('../package.json')).files).toContain('THIRD_PARTY_NOTICES');
  });

  it.each([genaiSource, piAiSource])('name $name, whose data the catalogue is made of', ({ name }) => {
    expect(read('../THIRD_PARTY_NOTICES')).toContain(name);
  });
});
