import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Running, startServer } from './processes.ts';

/** The key that callers of the governed proxy present. */
export const virtualKey = 'gk-bench-0123456789';

/** Starts the proxy with everything on: attribution, an enforced budget and a rate limit, a durable ledger. */
export async function startGoverned(upstreamUrl: string): Promise<Running> {
  const directory = await mkdtemp(join(tmpdir(), 'genops-bench-'));
  const config = join(directory, 'genops.yaml');
  await writeFile(config, configuration(upstreamUrl));
  const proxy = await startServer(
    'subject',
    new URL('../dist/main.js', import.meta.url),
    ['--config', config, '--port', '0', '--data', join(directory, 'data')],
    { BENCH_PROVIDER_KEY: 'sk-fake', BENCH_VIRTUAL_KEY: virtualKey },
  );
  return {
    ...proxy,
    async stop() {
      await proxy.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function configuration(upstreamUrl: string): string {
  return `
providers:
  - type: openai
    baseUrl: ${upstreamUrl}/v1
    apiKey: env:BENCH_PROVIDER_KEY
virtualKeys:
  - id: bench
    secret: env:BENCH_VIRTUAL_KEY
    attribution: { team: search, project: bench, environment: production }
limits:
  - { id: search-monthly, amount: "1000000", window: month, scope: { match: { team: search } } }
  - { id: search-requests, unit: requests, amount: "1000000000", window: day, scope: { match: { team: search } } }
`;
}
