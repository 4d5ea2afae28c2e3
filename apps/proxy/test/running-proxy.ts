import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteLedger } from '@genops/ledger/sqlite';
import { type FakeUpstream, startFakeUpstream } from '@genops/testing';
import OpenAI from 'openai';
import { checkConfig } from '../src/config.ts';
import { type RunningProxy, startProxy } from '../src/proxy.ts';

export const virtualKey = 'gk-test-0123456789abcdef';

/** A proxy on a free port in front of a fake provider, with a ledger of its own. */
export interface ProxyUnderTest {
  readonly proxy: RunningProxy;
  readonly upstream: FakeUpstream;
  /** The official client, with the virtual key. */
  readonly client: OpenAI;
  readonly errors: unknown[];
  /** Lines for people, where they were asked for. */
  readonly lines: string[];
  /** Sends raw text, as a client that knows nothing would. */
  post(body: string | Uint8Array, headers?: Record<string, string>): Promise<Response>;
  close(): Promise<void>;
}

/**
 * @param more - goes over the configuration; may depend on where the fake provider is
 * @param environment - more variables
 */
export async function proxyUnderTest(
  more: Record<string, unknown> | ((upstream: FakeUpstream) => Record<string, unknown>) = {},
  environment: Record<string, string> = {},
): Promise<ProxyUnderTest> {
  const directory = await mkdtemp(join(tmpdir(), 'genops-proxy-'));
  const upstream = await startFakeUpstream();
  const errors: unknown[] = [];
  const lines: string[] = [];
  const proxy = await startProxy({
    config: checkConfig({
      server: { port: 0, maxRequestBytes: 100_000, shutdownGraceMs: 2_000 },
      providers: [{ type: 'openai', baseUrl: `${upstream.url}/v1`, apiKey: 'env:UPSTREAM_KEY' }],
      virtualKeys: [
        { id: 'search', secret: 'env:VIRTUAL_KEY', attribution: { team: 'search', project: 'ranking' } },
      ],
      ...(typeof more === 'function' ? more(upstream) : more),
    }),
    ledger: await openSqliteLedger({ path: join(directory, 'ledger.db') }),
    environment: { UPSTREAM_KEY: upstream.apiKey, VIRTUAL_KEY: virtualKey, ...environment },
    onError: (error) => errors.push(error),
    onDebug: (line) => lines.push(line),
  });
  return {
    proxy,
    upstream,
    errors,
    lines,
    client: new OpenAI({ baseURL: `${proxy.url}/v1`, apiKey: virtualKey, maxRetries: 0 }),
    post: (body, headers = {}) =>
      fetch(`${proxy.url}/v1/chat/completions`, {
        method: 'POST',
        body: body as string,
        headers: { authorization: `Bearer ${virtualKey}`, 'content-type': 'application/json', ...headers },
      }),
    close: async () => {
      await proxy.close();
      await upstream.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
