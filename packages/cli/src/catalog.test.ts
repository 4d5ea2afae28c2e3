import { mkdtemp, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { genops as run } from '../test/genops.ts';

let server: Server;
let url: string;
let status = 200;
let price = '0.00000015';

/** A list of the form that OpenRouter gives. */
beforeAll(async () => {
  server = createServer((_request, response) => {
    const models = [
      { id: 'maker/model', pricing: { prompt: price, completion: '0.0000006' }, context_length: 8192 },
    ];
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ data: models }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/models`;
});
afterAll(() => {
  server.close();
});

const genops = (values: readonly string[], now = '2026-11-20T00:00:00Z') =>
  run(process.cwd(), values, { now: () => new Date(now) });

describe('genops catalog update and diff', () => {
  it('fetches prices, keeps them when the list is gone, and shows what changed', async () => {
    const data = await mkdtemp(join(tmpdir(), 'genops-catalog-'));
    expect((await genops(['catalog', 'update', '--url', url, '--data', data])).output).toBe(
      '1 of 1 prices are new\n',
    );
    price = '0.0000003';
    const later = '2026-11-21T00:00:00Z';
    expect((await genops(['catalog', 'update', '--url', url, '--data', data], later)).output).toBe(
      '1 of 1 prices are new\n',
    );
    status = 500;
    const failed = await genops(['catalog', 'update', '--url', url, '--data', data], later);
    expect([failed.code, failed.errors]).toEqual([2, expect.stringContaining('the prices at hand stay')]);
    const { output } = await genops(['catalog', 'diff', 'live', '--data', data]);
    expect(output).toContain('+ openrouter/maker/model');
  });

  it('compares two files price by price', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'genops-catalog-'));
    const file = async (name: string, input: string): Promise<string> => {
      const path = join(folder, name);
      const models = [{ model: 'small', versions: [{ rates: [{ input, output: '4' }] }] }];
      await writeFile(path, JSON.stringify({ provider: 'mine', models }));
      return path;
    };
    const { output } = await genops([
      'catalog',
      'diff',
      await file('a.json', '2'),
      await file('b.json', '3'),
    ]);
    expect(output).toBe('~ mine/small  input: 2 → 3\n');
  });
});

describe('genops catalog stale', () => {
  it('finds nothing on the day of the import, and everything a year later', async () => {
    const fresh = await genops(['catalog', 'stale', '--provider', 'openai', '--older-than', '365']);
    expect([fresh.code, fresh.output]).toEqual([0, 'No price is older than that.\n']);
    const old = await genops(['catalog', 'stale', '--provider', 'openai', '--json'], '2028-01-01T00:00:00Z');
    expect(old.code).toBe(1);
    expect(JSON.parse(old.output).length).toBeGreaterThan(20);
  });
});
