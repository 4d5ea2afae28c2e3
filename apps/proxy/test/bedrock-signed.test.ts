import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
  CountTokensCommand,
} from '@aws-sdk/client-bedrock-runtime';
import { throughFetch } from '@genops/bedrock';
import type { GovernorEvent } from '@genops/core';
import { createMemoryLedger } from '@genops/ledger/memory';
import { bedrockFormat, startFakeUpstream } from '@genops/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkConfig } from '../src/config.ts';
import { type RunningProxy, startProxy } from '../src/proxy.ts';
import { type SignedUpstream, startSignedUpstream } from './signed-upstream.ts';

const virtualKey = 'gk-test-0123456789abcdef';
const secrets = {
  AKIAEXAMPLEEXAMPLE01: 'secret/of+the+first+key+0123456789',
  AKIAEXAMPLEEXAMPLE02: 'secret/of+the+second+key+0123456789',
};
const sessionToken = 'IQoJb3JpZ2luX2VjEXAMPLE/TOKEN+0123456789abcdef==';
const [firstId, secondId] = Object.keys(secrets) as [keyof typeof secrets, keyof typeof secrets];
const keyVariables = {
  KEY_1: firstId,
  SECRET_1: secrets[firstId],
  KEY_2: secondId,
  SECRET_2: secrets[secondId],
  TOKEN: sessionToken,
  WRONG: 'wrong/secret+0123456789',
};
const region = 'eu-west-1';
const model = 'eu.anthropic.claude-sonnet-4-5-20250929-v1:0';

let upstream: SignedUpstream;
let proxy: RunningProxy;
const errors: unknown[] = [];
const events: GovernorEvent[] = [];

beforeEach(async () => {
  upstream = await startSignedUpstream(secrets, region);
  // Nothing of this machine: no files, no service of an instance.
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nowhere');
  vi.stubEnv('AWS_CONFIG_FILE', '/nowhere');
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
});
afterEach(async () => {
  await proxy.close();
  await upstream.close();
  errors.splice(0);
  events.splice(0);
  vi.unstubAllEnvs();
});

async function start(bedrock: object, more: object = {}, environment: object = {}): Promise<void> {
  proxy = await startProxy({
    config: checkConfig({
      server: { port: 0, shutdownGraceMs: 100 },
      providers: [{ type: 'aws-bedrock', baseUrl: upstream.url, location: region, ...bedrock }],
      virtualKeys: [{ id: 'search', secret: 'env:VIRTUAL_KEY', attribution: { team: 'search' } }],
      limits: [{ id: 'cap', amount: '10', window: 'lifetime' }],
      ...more,
    }),
    ledger: createMemoryLedger(),
    environment: { VIRTUAL_KEY: virtualKey, ...keyVariables, ...environment },
    onError: (error) => errors.push(error),
    listeners: [(event) => void events.push(event)],
  });
}

const question = {
  modelId: model,
  messages: [{ role: 'user' as const, content: [{ text: 'What time is it?' }] }],
  inferenceConfig: { maxTokens: 50 },
};

function client(): BedrockRuntimeClient {
  return new BedrockRuntimeClient({
    region,
    endpoint: proxy.url,
    token: { token: virtualKey },
    authSchemePreference: ['httpBearerAuth'],
    ...throughFetch(fetch),
  });
}

const ask = () => client().send(new ConverseCommand(question));
const entries = async () => (await proxy.governor.ledger.entries()).entries;

/** Everything that left the proxy: answers are given, the rest is what it wrote and told. */
async function told(...answers: unknown[]): Promise<string> {
  const shown = errors.map((error) =>
    error instanceof Error ? `${error.stack} ${String(error.cause)}` : error,
  );
  return JSON.stringify([answers, shown, events, await entries()]);
}

async function expectNoSecretsIn(text: string): Promise<void> {
  for (const secret of [...Object.values(secrets), ...Object.keys(secrets), sessionToken, keyVariables.WRONG])
    expect(text).not.toContain(secret);
}

const accessKey = { accessKeyId: 'env:KEY_1', secretAccessKey: 'env:SECRET_1' };

describe('a proxy of Bedrock with AWS credentials', () => {
  it('signs whole answers, streams and counts with the access key of its configuration', async () => {
    await start({ credentials: accessKey });
    const whole = await ask();
    expect(whole.usage?.inputTokens).toBeGreaterThan(0);
    const stream = await client().send(new ConverseStreamCommand(question));
    let usage: unknown;
    for await (const event of stream.stream ?? []) usage ??= event.metadata?.usage;
    expect(usage).toMatchObject({ inputTokens: expect.any(Number) });
    await client()
      .send(new CountTokensCommand({ modelId: model, input: { converse: { messages: question.messages } } }))
      .catch(() => undefined);
    expect(upstream.requests.map(({ accessKeyId }) => accessKeyId)).toEqual([firstId, firstId, firstId]);
    expect(upstream.requests[2]?.path).toContain('/count-tokens');
    expect(await entries()).toMatchObject([
      { provider: 'aws-bedrock', outcome: 'completed', providerKeyId: 'env:KEY_1', status: 200 },
      { provider: 'aws-bedrock', outcome: 'completed', stream: true },
    ]);
    await expectNoSecretsIn(await told(whole));
  });

  it('sends the session token of credentials that end', async () => {
    await start({ credentials: { ...accessKey, sessionToken: 'env:TOKEN' } });
    await ask();
    const [{ headers }] = upstream.requests as [SignedUpstream['requests'][number]];
    expect(headers['x-amz-security-token']).toBe(sessionToken);
    expect(headers.authorization).toContain('x-amz-security-token');
    await expectNoSecretsIn(await told());
  });

  it('takes a refused signature for a bad key, and shows neither key nor token although AWS does', async () => {
    const wrong = { accessKeyId: 'env:KEY_1', secretAccessKey: 'env:WRONG', sessionToken: 'env:TOKEN' };
    await start({ credentials: wrong });
    const refused = await ask().catch((error: unknown) => error);
    expect(refused).toMatchObject({ $metadata: { httpStatusCode: 403 } });
    expect(String(refused)).toContain('The Canonical String for this request should have been');
    const [entry] = await entries();
    expect(entry).toMatchObject({ outcome: 'failed', status: 403 });
    const ended = events.find(({ kind }) => kind === 'settled');
    expect(ended).toBeDefined();
    await expectNoSecretsIn(await told(String(refused), JSON.stringify(refused)));
  });

  it('puts a key of its pool aside when AWS refuses its signature, and signs anew with the next', async () => {
    const keys = [
      { id: 'first', accessKeyId: 'env:KEY_1', secret: 'env:WRONG', weight: 1_000_000 },
      { id: 'second', accessKeyId: 'env:KEY_2', secret: 'env:SECRET_2', weight: 0.000_001 },
    ];
    await start({ keys });
    await ask();
    expect(upstream.requests.map(({ accessKeyId }) => accessKeyId)).toEqual([undefined, secondId]);
    expect(proxy.governor.router.keys.get('first')).toMatchObject({ state: 'invalid' });
    expect((await entries()).map(({ providerKeyId, status }) => [providerKeyId, status])).toEqual([
      ['first', 403],
      ['second', 200],
    ]);
    await expectNoSecretsIn(await told());
  });

  it('signs every attempt anew', async () => {
    await start({ credentials: accessKey });
    upstream.failNext(500);
    await ask();
    const [first, second] = upstream.requests;
    expect([first?.accessKeyId, second?.accessKeyId]).toEqual([firstId, firstId]);
    expect(upstream.requests).toHaveLength(2);
  });

  it('signs what another place did not serve, which went there with a bearer token', async () => {
    const other = await startFakeUpstream({ formats: [bedrockFormat] });
    other.setReply({ status: 503 });
    try {
      const bearer = { type: 'aws-bedrock', id: 'first', baseUrl: other.url, apiKey: 'env:OTHER' };
      const place = { type: 'aws-bedrock', id: 'second', baseUrl: upstream.url, location: region };
      const signed = { ...place, credentials: accessKey };
      const targets = [{ provider: 'first' }, { provider: 'second' }];
      const routing = { routes: [{ models: ['*'], targets, strategy: 'failover' }] };
      await start(
        {},
        { providers: [bearer, signed], routing, limits: [], onUnpriced: 'allow' },
        { OTHER: other.apiKey },
      );
      await ask();
      expect(other.requests.map(({ headers }) => headers.authorization)).toEqual([`Bearer ${other.apiKey}`]);
      expect(upstream.requests.map(({ accessKeyId }) => accessKeyId)).toEqual([firstId]);
      expect((await entries()).map(({ provider, status }) => [provider, status])).toEqual([
        ['first', 503],
        ['second', 200],
      ]);
    } finally {
      await other.close();
    }
  });

  it('finds credentials as the AWS SDKs do when none are configured: in a file', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'genops-aws-'));
    const file = join(directory, 'credentials');
    await writeFile(
      file,
      `[default]\naws_access_key_id=${secondId}\naws_secret_access_key=${secrets[secondId]}\n`,
    );
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', file);
    try {
      await start({});
      await ask();
      expect(upstream.requests.map(({ accessKeyId }) => accessKeyId)).toEqual([secondId]);
      await expectNoSecretsIn(await told());
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it('takes the credentials of a container, and asks for new ones before they end', async () => {
    let asked = 0;
    const container = createServer((_, response) => {
      asked += 1;
      // The first ends at once, and the other key takes its place.
      const id = asked === 1 ? firstId : secondId;
      const Expiration = new Date(Date.now() + (asked === 1 ? 1_000 : 3_600_000)).toISOString();
      response.end(
        JSON.stringify({ AccessKeyId: id, SecretAccessKey: secrets[id], Token: sessionToken, Expiration }),
      );
    });
    await new Promise<void>((resolve) => container.listen(0, '127.0.0.1', resolve));
    const { port } = container.address() as AddressInfo;
    vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', `http://127.0.0.1:${port}/`);
    try {
      await start({ credentials: 'default' });
      await ask();
      await new Promise((resolve) => setTimeout(resolve, 1_100));
      await ask();
      await ask();
      expect(upstream.requests[0]?.accessKeyId).toBe(firstId);
      expect(upstream.requests.at(-1)?.accessKeyId).toBe(secondId);
      expect(asked).toBeLessThanOrEqual(3);
      expect(upstream.requests[0]?.headers['x-amz-security-token']).toBe(sessionToken);
      await expectNoSecretsIn(await told());
    } finally {
      container.closeAllConnections();
      container.close();
    }
  });

  it('says that nothing was found to sign with, sends nothing, and lets the hold go', async () => {
    await start({});
    const refused = await ask().catch((error: unknown) => error);
    expect(refused).toMatchObject({ $metadata: { httpStatusCode: 502 } });
    expect(String(refused)).toContain('AWS credentials were not found');
    expect(upstream.requests).toEqual([]);
    expect(await entries()).toMatchObject([{ kind: 'released', outcome: 'failed' }]);
  });

  it('still takes a bearer token where that is what is there', async () => {
    await start({}, {}, { AWS_BEARER_TOKEN_BEDROCK: 'bearer-token-of-bedrock' });
    await ask().catch(() => undefined);
    expect(upstream.requests[0]?.headers.authorization).toBe('Bearer bearer-token-of-bedrock');
  });
});

describe('checkConfig of AWS credentials', () => {
  const check = (provider: object) => () =>
    checkConfig({
      providers: [provider],
      virtualKeys: [{ id: 'a', secret: 'env:K' }],
    });
  const bedrock = { type: 'aws-bedrock' };
  it.each([
    [
      'at another provider',
      { type: 'openai', credentials: 'default' },
      'only aws-bedrock has AWS credentials',
    ],
    ['beside a bearer token', { ...bedrock, apiKey: 'env:A', credentials: 'default' }, 'expected either'],
    [
      'as secrets themselves',
      { ...bedrock, credentials: { accessKeyId: 'AKIA1', secretAccessKey: 'x' } },
      'credentials',
    ],
    [
      'in some keys of a pool only',
      {
        ...bedrock,
        keys: [
          { id: 'a', secret: 'env:A', accessKeyId: 'env:B' },
          { id: 'b', secret: 'env:C' },
        ],
      },
      'expected one at every key, or at none',
    ],
    ['of another kind', { ...bedrock, credentials: 'vault' }, 'credentials'],
  ])('refuses them %s', (_, provider, message) => {
    expect(check(provider)).toThrow(message);
  });

  it('names the variable that is not set', async () => {
    const starting = startProxy({
      config: checkConfig({
        providers: [{ ...bedrock, credentials: { accessKeyId: 'env:A', secretAccessKey: 'env:MISSING' } }],
        virtualKeys: [{ id: 'a', secret: 'env:K' }],
      }),
      ledger: createMemoryLedger(),
      environment: { A: 'AKIAEXAMPLE', K: virtualKey },
      onError: () => {},
    });
    await expect(starting).rejects.toThrow(
      'providers[0].credentials: the environment variable MISSING is not set',
    );
  });
});
