import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { amountOf, type LedgerEntry } from '@genops/core';
import { openSqliteLedger } from '@genops/ledger/sqlite';
import {
  anthropicFormat,
  bedrockFormat,
  type FakeUpstream,
  geminiFormat,
  openaiFormat,
  openrouterFormat,
  startFakeUpstream,
  startHttp2Front,
} from '@genops/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { app, type Ended, type RunOptions, redirect, register, run } from './program.ts';

// Each test starts programs of its own.
vi.setConfig({ testTimeout: 60_000 });

let upstream: FakeUpstream;
beforeAll(async () => {
  upstream = await startFakeUpstream({
    formats: [openrouterFormat, openaiFormat, geminiFormat, anthropicFormat],
  });
});
afterAll(() => upstream.close());
const directories: string[] = [];
afterEach(async () => {
  upstream.reset();
  await Promise.all(directories.splice(0).map((path) => rm(path, { recursive: true, force: true })));
});

const usage = { prompt_tokens: 1000, completion_tokens: 100, total_tokens: 1100 };

function start(name: string, { environment, ...options }: RunOptions = {}): Promise<Ended> {
  return run(app(name), {
    ...options,
    environment: {
      TEST_UPSTREAM: upstream.url,
      OPENAI_API_KEY: upstream.apiKey,
      ANTHROPIC_API_KEY: upstream.apiKey,
      OPENROUTER_API_KEY: upstream.apiKey,
      GEMINI_API_KEY: upstream.apiKey,
      ...environment,
    },
  });
}

function total({ cost }: LedgerEntry): string | undefined {
  return cost.result === 'priced' ? amountOf(cost.total) : undefined;
}

describe.each(['openai.mjs', 'openai.cjs'])('%s, which knows nothing of GenOps', (program) => {
  it('gets the same answers with as without it, and every call is recorded', async () => {
    upstream.setReply({ text: 'Hello!', usage });
    upstream.addRule({ when: { model: 'gpt-4o' }, reply: { chunks: 200, chunkDelayMs: 5 } });
    const bare = await start(program, { imports: [redirect] });
    const governed = await start(program);
    expect(governed.errors).toBe('');
    expect(governed.code).toBe(0);
    const said = { whole: 'Hello!', raw: 'Hello!', streamed: 'Hello!', helped: 'Hello!' };
    expect(JSON.parse(bare.output)).toEqual({ ...said, id: false });
    expect(JSON.parse(governed.output)).toEqual({ ...said, id: true });
    expect(bare.entries).toEqual([]);
    expect(governed.entries.map(({ outcome, stream }) => [outcome, stream])).toEqual([
      ['completed', false],
      ['completed', false],
      ['completed', true],
      ['completed', true],
      ['cancelled', true],
    ]);
    // 1000 × 0.15 + 100 × 0.60, per million.
    expect(governed.entries.slice(0, 4).map(total)).toEqual(Array(4).fill('0.00021'));
  });
});

describe.each(['anthropic.mjs', 'anthropic.cjs'])('%s', (program) => {
  it('gets the same answers with as without it, and every call is recorded', async () => {
    upstream.setReply({ text: 'Hello!', usage: { input_tokens: 100, output_tokens: 10 } });
    const bare = await start(program, { imports: [redirect] });
    const governed = await start(program);
    expect(governed.errors).toBe('');
    expect(JSON.parse(bare.output)).toEqual({ whole: 'Hello!', helped: 'Hello!', id: false });
    expect(JSON.parse(governed.output)).toEqual({ whole: 'Hello!', helped: 'Hello!', id: true });
    // 100 × 3 + 10 × 15, per million.
    expect(governed.entries.map((entry) => [entry.provider, entry.stream, total(entry)])).toEqual([
      ['anthropic', false, '0.00045'],
      ['anthropic', true, '0.00045'],
    ]);
  });
});

describe.each(['google.mjs', 'google.cjs'])('%s', (program) => {
  it('gets the same answers with as without it, and every call is recorded', async () => {
    const tokens = { promptTokenCount: 1000, candidatesTokenCount: 100, totalTokenCount: 1100 };
    upstream.setReply({ text: 'Hello!', usage: tokens });
    const bare = await start(program, { imports: [redirect] });
    const governed = await start(program);
    expect(governed.errors).toBe('');
    expect(JSON.parse(governed.output)).toEqual({ whole: 'Hello!', streamed: 'Hello!' });
    expect(governed.output).toBe(bare.output);
    // 1000 × 0.30 + 100 × 2.50, per million.
    expect(governed.entries.map((entry) => [entry.provider, entry.stream, total(entry)])).toEqual([
      ['google', false, '0.00055'],
      ['google', true, '0.00055'],
    ]);
  });
});

describe.each(['bedrock.mjs', 'bedrock.cjs'])('%s, which speaks HTTP/2', (program) => {
  it('gets the same answers with as without it, and every call is recorded', async () => {
    const bedrock = await startFakeUpstream({ formats: [bedrockFormat] });
    const front = await startHttp2Front(bedrock.url);
    try {
      bedrock.setReply({ text: 'Hello!', usage: { inputTokens: 100, outputTokens: 10, totalTokens: 110 } });
      const environment = {
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: bedrock.apiKey,
        AWS_SECRET_ACCESS_KEY: 'secret',
        AWS_ENDPOINT_URL_BEDROCK_RUNTIME: front.url,
      };
      const bare = await start(program, { imports: [], environment });
      const governed = await start(program, { imports: [register], environment });
      expect(governed.errors).toBe('');
      expect(JSON.parse(governed.output)).toEqual({ whole: 'Hello!', streamed: 'Hello!' });
      expect(governed.output).toBe(bare.output);
      expect(front.streams).toBe(4);
      // 100 × 3 + 10 × 15, per million, and a tenth more in one region of its choice.
      expect(governed.entries.map((entry) => [entry.provider, entry.stream, total(entry)])).toEqual([
        ['aws-bedrock', false, '0.000495'],
        ['aws-bedrock', true, '0.000495'],
      ]);
    } finally {
      await front.close();
      await bedrock.close();
    }
  });
});

describe('SkyRouter', () => {
  it('is governed at the address that the environment names', async () => {
    upstream.setReply({ usage });
    const { errors, entries } = await start('skyrouter.mjs', {
      imports: [register],
      environment: { SKYROUTER_BASE_URL: `${upstream.url}/v1`, SKYROUTER_API_KEY: upstream.apiKey },
    });
    expect(errors).toBe('');
    expect(entries.map((entry) => [entry.provider, total(entry)])).toEqual([['skyrouter', '0.00021']]);
  });
});

describe('Azure OpenAI', () => {
  it('is governed at the endpoint that the environment names, where the path names the deployment', async () => {
    upstream.addRule({ reply: { usage } });
    const { errors, entries } = await start('azure.mjs', {
      environment: {
        AZURE_OPENAI_ENDPOINT: 'https://ours.openai.azure.com',
        OPENAI_API_VERSION: '2024-10-21',
      },
    });
    expect(errors).toBe('');
    expect(entries.map((entry) => [entry.provider, entry.requestModel, total(entry)])).toEqual([
      ['azure', 'gpt-4o-mini', '0.00021'],
    ]);
  });
});

describe('OpenRouter', () => {
  it.each(['openrouter.mjs', 'openrouter.cjs'])(
    'is recognised behind the OpenAI client and behind its own, which sends Request objects (%s)',
    async (program) => {
      upstream.setReply({ text: 'Hello!' });
      const { output, errors, entries } = await start(program);
      expect(errors).toBe('');
      expect(JSON.parse(output)).toEqual(['Hello!', 'Hello!']);
      expect(entries.map(({ provider, cost }) => [provider, cost.result === 'priced' && cost.basis])).toEqual(
        [
          ['openrouter', 'reported'],
          ['openrouter', 'reported'],
        ],
      );
    },
  );

  it('is told of the application that the environment names', async () => {
    await start('openrouter.mjs', {
      environment: { OPENROUTER_HTTP_REFERER: 'https://my-app.com', OPENROUTER_X_TITLE: 'My AI Application' },
    });
    for (const { headers } of upstream.requests)
      expect(headers).toMatchObject({
        'http-referer': 'https://my-app.com',
        'x-openrouter-title': 'My AI Application',
      });
    expect(upstream.requests).toHaveLength(2);
  });

  it('can be patched alone, and unpatched', async () => {
    const { output, errors, entries } = await start('patched.mjs', { imports: [redirect] });
    expect(errors).toBe('');
    expect(JSON.parse(output)).toEqual({ restored: true });
    expect(entries.map(({ provider, attribution }) => [provider, attribution.team])).toEqual([
      ['openrouter', 'patched'],
    ]);
    expect(upstream.requests).toHaveLength(4);
  });
});

describe('the AI SDK', () => {
  it.each(['ai-sdk.mjs', 'ai-sdk.cjs'])('is governed, whole and streamed (%s)', async (program) => {
    upstream.setReply({ text: 'Hello!', usage });
    const { output, errors, entries } = await start(program);
    expect(errors).toBe('');
    expect(JSON.parse(output)).toEqual({ text: 'Hello!', streamed: 'Hello!' });
    expect(entries.map((entry) => [entry.stream, total(entry)])).toEqual([
      [false, '0.00021'],
      [true, '0.00021'],
    ]);
  });
});

describe('raw fetch', () => {
  it('is governed by address, and what goes elsewhere is not touched', async () => {
    upstream.setReply({ usage });
    const { output, entries } = await start('raw-fetch.mjs');
    expect(JSON.parse(output)).toEqual([200, 200, 401]);
    expect(entries).toHaveLength(2);
    expect(upstream.requests.map(({ headers }) => 'x-genops-request-id' in headers)).toEqual([
      false,
      false,
      false,
    ]);
  });
});

describe('--import', () => {
  it('governs once when it is given twice', async () => {
    const { entries } = await start('raw-fetch.mjs', { imports: [redirect, register, `${register}?again`] });
    expect(entries).toHaveLength(2);
  });

  it('attributes by GENOPS_*, tags that nobody foresaw included', async () => {
    const { entries } = await start('raw-fetch.mjs', {
      environment: {
        GENOPS_TEAM: 'search',
        GENOPS_CUSTOMER_ID: 'acme',
        GENOPS_TAG_EXPERIMENT_ID: 'b-7',
        GENOPS_TAGS: 'plan=gold, region=eu',
      },
    });
    expect(entries[0]?.attribution).toEqual({
      team: 'search',
      customerId: 'acme',
      tags: { experiment_id: 'b-7', plan: 'gold', region: 'eu' },
    });
  });

  it('lets the code say more, in any spelling', async () => {
    const { entries } = await start('attributed.mjs', { environment: { GENOPS_TEAM: 'search' } });
    expect(entries.map(({ attribution }) => attribution)).toEqual([
      { team: 'search', customerId: 'acme', tags: { experiment_id: '7', beta: 'true' } },
      { team: 'search', feature: 'rerank' },
    ]);
  });

  it('finds a provider where its SDK finds it', async () => {
    const { code, entries } = await start('openai.mjs', {
      imports: [register],
      environment: { OPENAI_BASE_URL: `${upstream.url}/v1/` },
    });
    expect(code).toBe(0);
    expect(entries.map(({ provider }) => provider)).toEqual(Array(5).fill('openai'));
  });

  it('goes by the genops.yaml of the directory', async () => {
    const directory = await directoryWith(`
      attribution: { team: search, project: from-the-file }
      rules: [{ id: no-mini, effect: deny, when: { model: '*-mini' } }]
    `);
    const { output, entries } = await start('raw-fetch.mjs', {
      directory,
      environment: { GENOPS_PROJECT: 'from-the-environment' },
    });
    expect(JSON.parse(output)).toEqual([403, 403, 401]);
    expect(entries[0]).toMatchObject({
      kind: 'refused',
      attribution: { team: 'search', project: 'from-the-environment' },
      decision: { reasonCode: 'POLICY_DENY_MODEL', rules: ['no-mini'] },
    });
    expect(upstream.requests).toHaveLength(1);
  });

  it('prices by files of one’s own, which stand beside the configuration', async () => {
    upstream.setReply({ usage });
    const directory = await directoryWith('prices: [contract.json]');
    const contract = {
      provider: 'openai',
      models: [{ model: 'gpt-4o-mini', versions: [{ modifiers: [{ factor: '0.5', stage: 'contract' }] }] }],
    };
    await writeFile(join(directory, 'contract.json'), JSON.stringify(contract));
    const { errors, entries } = await start('raw-fetch.mjs', { directory });
    expect(errors).toBe('');
    expect(entries.map(total)).toEqual(['0.000105', '0.000105']);
  });

  it.each([
    [{ GENOPS_MODE: 'maybe' }, 'GenOps: GENOPS_MODE: expected one of enforce, observe; got "maybe"\n'],
    [{ GENOPS_GOVERNANCE_POLICY: 'lax' }, 'GENOPS_GOVERNANCE_POLICY: expected one of'],
    [{ GENOPS_DAILY_BUDGET_LIMIT: '$5' }, 'GENOPS_DAILY_BUDGET_LIMIT: expected a plain decimal'],
    [{ GENOPS_CONFIG: 'missing.yaml' }, 'missing.yaml: cannot be read'],
    [{ OPENAI_BASE_URL: 'localhost' }, 'OPENAI_BASE_URL: expected an absolute URL'],
  ])('ends the program before it begins when %j cannot be understood', async (environment, message) => {
    const { code, output, errors } = await start('raw-fetch.mjs', { environment });
    expect([code, output]).toEqual([1, '']);
    expect(errors).toContain(message);
    expect(errors.trim().split('\n')).toHaveLength(1);
  });

  it('does nothing where it is switched off', async () => {
    const { output, entries } = await start('raw-fetch.mjs', { environment: { GENOPS_DISABLED: '1' } });
    expect(JSON.parse(output)).toEqual([200, 200, 401]);
    expect(entries).toEqual([]);
  });

  it('writes no file for a program that makes no call', async () => {
    const directory = await directoryWith('mode: enforce');
    expect((await start('silent.mjs', { directory })).code).toBe(0);
    expect(await readdir(directory)).toEqual(['genops.yaml']);
  });
});

describe('limits', () => {
  it('refuse what does not fit, in the words of the SDK, after one attempt', async () => {
    const { output, entries } = await start('refused.mjs', {
      environment: { GENOPS_DAILY_BUDGET_LIMIT: '0.00001' },
    });
    expect(JSON.parse(output)).toEqual({ name: 'RateLimitError', status: 429, code: 'budget_exceeded' });
    expect(entries.map(({ kind, decision }) => [kind, decision.reasonCode])).toEqual([
      ['refused', 'BUDGET_EXCEEDED'],
    ]);
    expect(upstream.requests).toHaveLength(0);
  });

  it('count every attempt of an SDK that retries by itself', async () => {
    upstream.addRule({ reply: { status: 500 }, times: 2 });
    const { entries } = await start('one-call.mjs');
    expect(entries.map(({ attempt, outcome, status }) => [attempt, outcome, status])).toEqual([
      [1, 'failed', 500],
      [1, 'failed', 500],
      [1, 'completed', 200],
    ]);
    expect(new Set(entries.map(({ operationId }) => operationId)).size).toBe(3);
  });

  it('leave it to the SDK when to give up', async () => {
    upstream.setReply({ status: 500 });
    expect((await start('one-call.mjs')).code).toBe(1);
    expect(upstream.requests).toHaveLength(3);
  });

  it('only warn when governance is advisory, and only note when it observes', async () => {
    const budget = { GENOPS_DAILY_BUDGET_LIMIT: '0.00000001' };
    const advisory = await start('raw-fetch.mjs', {
      environment: { ...budget, GENOPS_GOVERNANCE_POLICY: 'advisory' },
    });
    const observed = await start('raw-fetch.mjs', { environment: { ...budget, GENOPS_MODE: 'observe' } });
    expect(advisory.entries[0]).toMatchObject({ kind: 'settled', decision: { verdict: 'warning' } });
    expect(observed.entries[0]).toMatchObject({
      kind: 'settled',
      decision: { verdict: 'allowed', wouldHave: [{ id: 'daily-budget', verdict: 'blocked' }] },
    });
  });

  it('hold over one run and the next', async () => {
    upstream.setReply({ usage });
    const directory = await directoryWith('mode: enforce');
    const options = { directory, environment: { GENOPS_DAILY_BUDGET_LIMIT: '0.0005' } };
    expect(JSON.parse((await start('raw-fetch.mjs', options)).output)).toEqual([200, 200, 401]);
    expect(JSON.parse((await start('raw-fetch.mjs', options)).output)).toEqual([429, 429, 401]);
  });

  it('fail closed when another process writes the ledger, unless they only observe', async () => {
    const directory = await directoryWith('mode: enforce');
    const ledger = await openSqliteLedger({ path: join(directory, '.genops', 'ledger.db') });
    try {
      const enforced = await start('raw-fetch.mjs', { directory });
      const observed = await start('raw-fetch.mjs', { directory, environment: { GENOPS_MODE: 'observe' } });
      expect(JSON.parse(enforced.output)).toEqual([503, 503, 401]);
      expect(JSON.parse(observed.output)).toEqual([200, 200, 401]);
      expect(observed.errors).toContain('Calls are recorded in memory only');
    } finally {
      await ledger.close();
    }
  });
});

describe('a client that is governed by hand as well', () => {
  it('is counted once, by its own governor, and leaves the entry that zero-code would have left', async () => {
    upstream.setReply({ usage });
    const byHand = await start('explicit.mjs');
    expect(byHand.errors).toBe('');
    expect(byHand.entries).toEqual([]);
    const zeroCode = await start('one-call.mjs');
    const own = JSON.parse(byHand.output) as LedgerEntry[];
    expect(own).toHaveLength(1);
    expect(own.map(withoutIdentity)).toEqual(
      JSON.parse(JSON.stringify(zeroCode.entries.map(withoutIdentity))),
    );
    expect(upstream.requests).toHaveLength(2);
  });
});

/** An entry without what is new with every call. */
function withoutIdentity({
  id: _,
  operationId: __,
  at: ___,
  endedAt: ____,
  responseId: _____,
  ...entry
}: LedgerEntry) {
  return entry;
}

async function directoryWith(config: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'genops-register-'));
  directories.push(directory);
  await writeFile(join(directory, 'genops.yaml'), config);
  return directory;
}
