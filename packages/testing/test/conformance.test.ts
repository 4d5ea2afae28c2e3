import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { startVitest } from 'vitest/node';
import { testProvider } from '../src/conformance/index.ts';
import { plain, plainFixtures } from './plain-provider.ts';

testProvider(plain, plainFixtures);

describe('testProvider', () => {
  const failures = new Map<string, string[]>();

  beforeAll(async () => {
    const vitest = await startVitest(
      'test',
      [],
      {
        root: fileURLToPath(new URL('.', import.meta.url)),
        include: [fileURLToPath(new URL('./broken-providers.ts', import.meta.url))],
        config: false,
        watch: false,
        reporters: [{}],
      },
      {
        resolve: { conditions: ['@genops/source', 'node'] },
        ssr: { resolve: { conditions: ['@genops/source', 'node'] } },
      },
    );
    for (const module of vitest.state.getTestModules()) {
      for (const test of module.children.allTests('failed')) {
        const provider = /^provider (\S+)/.exec(test.fullName)?.[1] ?? '';
        failures.set(provider, [...(failures.get(provider) ?? []), test.name]);
      }
    }
    await vitest.close();
    // The run that is meant to fail does not make this one fail.
    process.exitCode = undefined;
  }, 30_000);

  it.each([
    ['key-in-two-headers', 'puts the key in its headers and nowhere else'],
    ['first-key-for-ever', 'puts the key in its headers and nowhere else'],
    ['two-routes-for-one-path', 'has one route for each path'],
    ['route-without-fixtures', 'has fixtures for every route that tells what it consumed, and no others'],
    ['copied-request', 'forwards the very same bytes when nothing changes'],
    ['forgetful-rewrite', 'changes the cap and nothing else'],
    ['no-usage-in-answers', 'reads its answer'],
    ['cannot-read-cut-events', 'comes out the same wherever it is cut in two'],
    ['complete-from-the-start', 'is not complete before its end, and never takes output back'],
    ['error-of-another-shape', 'renders an error in the shape of a real one'],
  ])('fails a provider with %s', (provider, test) => {
    expect(failures.get(provider)).toContain(test);
  });
});
