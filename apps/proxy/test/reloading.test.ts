import { rename, writeFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { type FakeUpstream, startFakeUpstream } from '@genops/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Program } from './program.ts';
import { ask, callersKey, folderWith, run } from './programs.ts';

let upstream: FakeUpstream;
beforeAll(async () => {
  upstream = await startFakeUpstream();
});
beforeEach(() => upstream.reset());
afterAll(() => upstream.close());

const yaml = (limit: string, more = ''): string => `
server: { port: 0 }
providers: [{ type: openai, baseUrl: "${upstream.url}/v1", apiKey: env:UPSTREAM_KEY }]
virtualKeys: [{ id: search, secret: env:VIRTUAL_KEY, attribution: { team: search } }]
limits: [{ id: ${limit}, amount: "100", window: lifetime }]
${more}`;

interface Reloadable {
  readonly program: Program;
  readonly url: string;
  /** Puts a new file in the place of the old one, as editors and deployments do. */
  replace(text: string): Promise<void>;
}

async function start(...options: readonly string[]): Promise<Reloadable> {
  const { file, folder } = await folderWith(yaml('first'));
  const environment = { UPSTREAM_KEY: upstream.apiKey, VIRTUAL_KEY: callersKey };
  const program = run(['--config', file, '--data', folder, ...options], environment);
  return {
    program,
    url: await program.url,
    replace: async (text) => {
      await writeFile(`${file}.new`, text);
      await rename(`${file}.new`, file);
    },
  };
}

const limitOf = async (url: string): Promise<string | null> =>
  (await ask(url)).headers.get('x-genops-budget-id');
/** A busy machine is no failure. */
const patient = { timeout: 30_000 };
const count = (text: string, part: string): number => text.split(part).length - 1;

describe('a proxy whose configuration changes', () => {
  it('takes a new one on SIGHUP, from the moment that it says where it listens', async () => {
    const { program, url, replace } = await start();
    expect(await limitOf(url)).toBe('first');
    await replace(yaml('second'));
    program.process.kill('SIGHUP');
    await expect.poll(() => limitOf(url), patient).toBe('second');
    expect(program.errors()).toBe('');
  });

  it.each([
    ['is not valid', () => yaml('second', 'limts: []'), /limts/],
    ['is half a file', () => 'providers: [{ type: op', /line \d/],
    [
      'names a variable that is not set',
      () => yaml('second').replace('UPSTREAM_KEY', 'NO_KEY'),
      /NO_KEY is not set/,
    ],
    ['wants another port', () => yaml('second').replace('port: 0', 'port: 1'), /server\.port: cannot change/],
    [
      'wants another ledger',
      () => yaml('second', 'ledger: { driver: sqlite, path: other.db }'),
      /ledger: cannot change/,
    ],
  ])('keeps the old one when the new one %s, and says why', async (_what, text, message) => {
    const { program, url, replace } = await start();
    await replace(text());
    program.process.kill('SIGHUP');
    await expect.poll(program.errors, patient).toMatch(message);
    expect(program.errors()).toContain('not taken, version 1 stays in force');
    expect(program.errors()).not.toContain('    at ');
    expect(await limitOf(url)).toBe('first');
    const ready = await fetch(`${url}/ready`);
    expect(ready.status).toBe(200);
    expect(await ready.json()).toMatchObject({ configuration: 'rejected' });
    await replace(yaml('third'));
    program.process.kill('SIGHUP');
    await expect.poll(() => limitOf(url), patient).toBe('third');
    expect(await (await fetch(`${url}/ready`)).json()).toMatchObject({ configuration: 'current' });
  });

  it('changes a hundred times under load, bad files among them, and no call fails', async () => {
    const { program, url, replace } = await start();
    let stopped = false;
    const seen: (string | null)[] = [];
    const failures: unknown[] = [];
    const load = async (stream: boolean): Promise<void> => {
      while (!stopped) {
        const response = await ask(url, { stream }).catch((error: unknown) => error);
        if (!(response instanceof Response) || response.status !== 200) {
          failures.push(response);
          continue;
        }
        const text = await response.text().catch((error: unknown) => failures.push(error));
        if (stream && !String(text).endsWith('[DONE]\n\n')) failures.push(text);
        seen.push(response.headers.get('x-genops-budget-id'));
      }
    };
    const loads = [false, false, true, true].map(load);
    let inForce = 0;
    let rejected = 0;
    for (let round = 1; round <= 100; round += 1) {
      const bad = round % 3 === 0;
      const text = yaml(`limit-${round}`);
      await replace(bad ? text.slice(0, 60 + (round % 60)) : text);
      program.process.kill('SIGHUP');
      if (bad) rejected += 1;
      else inForce += 1;
      await expect.poll(() => count(program.output(), 'was read again'), patient).toBe(inForce);
      await expect.poll(() => count(program.errors(), 'not taken'), patient).toBe(rejected);
    }
    stopped = true;
    await Promise.all(loads);
    expect(failures).toEqual([]);
    expect(new Set(seen).size).toBeGreaterThan(20);
    const known = seen.filter(
      (limit) => limit === 'first' || Number(limit?.slice('limit-'.length)) % 3 !== 0,
    );
    expect(known).toHaveLength(seen.length);
    expect(await limitOf(url)).toBe('limit-100');
  });

  it('lets a call end as it began, under the configuration that it came in with', async () => {
    const { program, url, replace } = await start();
    upstream.holdResponses();
    const early = limitOf(url);
    await upstream.waitForHeld(1);
    await replace(yaml('second'));
    program.process.kill('SIGHUP');
    await expect.poll(program.output, patient).toContain('was read again');
    upstream.releaseAll();
    expect(await early).toBe('first');
    expect(await limitOf(url)).toBe('second');
  });

  it('with --watch, reads the file again by itself once it is whole', async () => {
    const { program, url, replace } = await start('--watch');
    await wait(1_500);
    await replace(yaml('second'));
    await expect.poll(() => limitOf(url), patient).toBe('second');
    await replace('providers: [');
    await expect.poll(program.errors, patient).toContain('version 2 stays in force');
    expect(await limitOf(url)).toBe('second');
  });
});
