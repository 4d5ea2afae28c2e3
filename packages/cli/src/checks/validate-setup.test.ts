import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  anthropicFormat,
  type FakeUpstream,
  geminiFormat,
  openrouterFormat,
  startFakeUpstream,
} from '@genops/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { genops } from '../../test/genops.ts';
import type { ProblemId } from './problems.ts';
import { type ValidateSetupOptions, validateSetup } from './validate-setup.ts';

const apiKey = 'sk-proj-0123456789abcdefghij';
let upstream: FakeUpstream;
let directory: string;

beforeAll(async () => {
  upstream = await startFakeUpstream({ apiKey });
});
afterAll(() => upstream.close());
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'genops-doctor-'));
});
afterEach(async () => {
  upstream.reset();
  await rm(directory, { recursive: true, force: true });
});

/** Everything that a good setup has. */
function goodEnvironment(): Record<string, string> {
  return {
    OPENAI_API_KEY: apiKey,
    OPENAI_BASE_URL: `${upstream.url}/v1`,
    GENOPS_TEAM: 'search',
    GENOPS_PROJECT: 'ranking',
    GENOPS_ENVIRONMENT: 'production',
    GENOPS_DAILY_BUDGET_LIMIT: '25',
    GENOPS_MODELS: 'gpt-4o-mini',
  };
}

function validate(
  environment: Record<string, string> = {},
  options: Partial<ValidateSetupOptions> = {},
): ReturnType<typeof validateSetup> {
  return validateSetup({
    environment: { ...goodEnvironment(), ...environment },
    directory,
    timeoutMs: 2_000,
    ...options,
  });
}

async function found(
  environment: Record<string, string> = {},
  options: Partial<ValidateSetupOptions> = {},
): Promise<readonly ProblemId[]> {
  const { issues } = await validate(environment, options);
  return issues.map(({ id }) => id).filter((id) => id !== 'telemetry-missing');
}

describe('validateSetup', () => {
  it('finds nothing wrong with a good setup, and bills nothing', async () => {
    const result = await validate();
    expect(result.issues.map(({ id }) => id)).toEqual(['telemetry-missing']);
    expect(result).toMatchObject({
      isValid: true,
      errors: [],
      warnings: [],
      summary: { passed: 10, warnings: 0, failed: 0, skipped: 0 },
      statuses: { 'key (openai)': 'passed', 'endpoint (openai)': 'passed', budgets: 'passed' },
    });
    expect(upstream.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(['GET /v1/models']);
  });

  it('gives the same findings from every side', async () => {
    const { issues, errors, warnings, recommendations, checks, statuses, isValid } = await validate(
      {
        OPENAI_API_KEY: '',
        GENOPS_TEAM: '',
        GENOPS_DAILY_BUDGET_LIMIT: '',
      },
      { providers: ['openai'] },
    );
    expect(isValid).toBe(false);
    expect(issues).toEqual([...errors, ...warnings, ...issues.filter(({ severity }) => severity === 'info')]);
    expect(checks.flatMap(({ findings }) => findings)).toHaveLength(issues.length);
    expect(errors.map(({ id }) => id)).toEqual(['key-missing']);
    expect(recommendations[0]).toBe('openai: Set the variable to a key of this provider');
    expect(statuses).toMatchObject({ 'key (openai)': 'failed', budgets: 'warning', ledger: 'passed' });
  });

  it.each<[string, Record<string, string>, readonly ProblemId[]]>([
    ['an empty key', { OPENAI_API_KEY: '' }, ['provider-missing']],
    ['a key in quotes', { OPENAI_API_KEY: `"${apiKey}"` }, ['key-malformed']],
    ['a key with a line break', { OPENAI_API_KEY: `${apiKey}\n${apiKey}` }, ['key-malformed']],
    ['an example key', { OPENAI_API_KEY: 'your-api-key-here' }, ['key-placeholder']],
    [
      'a key of somebody else',
      { OPENAI_API_KEY: 'sk-ant-api03-0123456789abcdefghij' },
      ['key-of-another-provider'],
    ],
    ['half a key', { OPENAI_API_KEY: 'sk-0123' }, ['key-rejected', 'key-unusual']],
    ['a key that is not known', { OPENAI_API_KEY: `${apiKey}x` }, ['key-rejected']],
    ['nobody there', { OPENAI_BASE_URL: 'http://127.0.0.1:1/v1' }, ['endpoint-unreachable']],
    ['a base URL without its path', { OPENAI_BASE_URL: '%upstream%/v2' }, ['endpoint-wrong']],
    ['a model nobody knows', { GENOPS_MODELS: 'gpt-99' }, ['model-unpriced', 'model-not-offered']],
    ['no budget', { GENOPS_DAILY_BUDGET_LIMIT: '' }, ['budget-missing']],
    ['a budget that only warns', { GENOPS_GOVERNANCE_POLICY: 'advisory' }, ['budget-not-enforced']],
    ['observation', { GENOPS_MODE: 'observe' }, ['observe-only']],
    ['a ledger in memory', { GENOPS_LEDGER: 'memory' }, ['ledger-in-memory']],
    ['a ledger where nobody may write', { GENOPS_LEDGER: '/dev/null/ledger.db' }, ['ledger-unwritable']],
    ['no team', { GENOPS_TEAM: '' }, ['attribution-missing']],
    ['a team in capitals', { GENOPS_TEAM: 'Search Team' }, ['attribution-unusual']],
    ['an environment of its own name', { GENOPS_ENVIRONMENT: 'prod' }, ['attribution-unusual']],
    ['a slip of the pen', { GENOPS_DAILY_BUDGET: '5' }, ['variable-unknown']],
    ['governance that is off', { GENOPS_DISABLED: '1' }, ['governance-disabled']],
    ['a word that is none', { GENOPS_MODE: 'maybe' }, ['configuration-invalid']],
    [
      'a collector that is no URL',
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'localhost:4318' },
      ['telemetry-endpoint-invalid'],
    ],
    [
      'a collector that is not there',
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' },
      ['telemetry-unreachable'],
    ],
  ])('finds %s', async (_, environment, problems) => {
    const real = Object.entries(environment).map(([name, value]) => [
      name,
      value.replace('%upstream%', upstream.url),
    ]);
    expect(await found(Object.fromEntries(real))).toEqual(problems);
  });

  it.each<[number, ProblemId]>([
    [429, 'provider-limiting'],
    [503, 'provider-failing'],
  ])('tells a provider that answers %i from a setup that is wrong', async (status, problem) => {
    upstream.setReply({ status });
    expect(await found()).toEqual([problem]);
    expect((await validate()).isValid).toBe(true);
  });

  it('checks every provider that has a key, each in its own way', async () => {
    const others = await startFakeUpstream({
      apiKey: 'sk-ant-api03-0123456789abcdefghij',
      formats: [anthropicFormat],
    });
    const gateway = await startFakeUpstream({
      apiKey: 'sk-or-v1-0123456789abcdefghij',
      formats: [openrouterFormat],
    });
    const result = await validate({
      ANTHROPIC_API_KEY: others.apiKey,
      ANTHROPIC_BASE_URL: others.url,
      OPENROUTER_API_KEY: gateway.apiKey,
      OPENROUTER_BASE_URL: `${gateway.url}/api/v1`,
      GENOPS_MODELS: 'openai/gpt-4o-mini, anthropic/claude-sonnet-4-6, openrouter/openai/gpt-4o-mini, gpt-4o',
    });
    expect(others.requests.map(({ path }) => path)).toEqual(['/v1/models']);
    expect(gateway.requests.map(({ path }) => path)).toEqual(['/api/v1/key']);
    await Promise.all([others.close(), gateway.close()]);
    expect(result.warnings).toEqual([]);
    const catalogues = result.checks.filter(({ check }) => check === 'catalogue');
    expect(catalogues.map(({ provider, message }) => `${provider}: ${message}`)).toEqual([
      'openai: 2 configured: gpt-4o-mini, gpt-4o',
      'anthropic: 1 configured: claude-sonnet-4-6',
      'openrouter: 1 configured: openai/gpt-4o-mini',
    ]);
    expect(result.statuses).toMatchObject({
      'key (openai)': 'passed',
      'endpoint (openai)': 'passed',
      'catalogue (openai)': 'passed',
      'key (anthropic)': 'passed',
      'endpoint (anthropic)': 'passed',
      'catalogue (anthropic)': 'passed',
      'key (openrouter)': 'passed',
      'endpoint (openrouter)': 'passed',
      'catalogue (openrouter)': 'passed',
    });
  });

  it('knows a model by the live list, where the program goes by it, and reads that for nothing', async () => {
    const gateway = await startFakeUpstream({
      apiKey: 'sk-or-v1-0123456789abcdefghij',
      formats: [openrouterFormat],
    });
    gateway.addRule({
      when: { path: '/api/v1/models' },
      reply: {
        headers: { 'content-type': 'application/json' },
        body: { data: [{ id: 'acme/new-today', pricing: { prompt: '0.000001', completion: '0.00001' } }] },
      },
    });
    const look = (environment: Record<string, string>) =>
      found(
        {
          OPENROUTER_API_KEY: gateway.apiKey,
          OPENROUTER_BASE_URL: `${gateway.url}/api/v1`,
          GENOPS_MODELS: 'acme/new-today',
          ...environment,
        },
        { providers: ['openrouter'] },
      );
    expect(await look({})).toEqual(['model-unpriced']);
    expect(await look({ GENOPS_LIVE_PRICES: 'openrouter' })).toEqual([]);
    expect(gateway.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /api/v1/key',
      'GET /api/v1/models',
      'GET /api/v1/key',
    ]);
    await gateway.close();
  });

  it('asks for the address of a gateway that everyone has elsewhere', async () => {
    const gateway = { SKYROUTER_API_KEY: apiKey };
    expect(await found(gateway, { providers: ['skyrouter'] })).toEqual(['address-missing']);
    expect(
      await found({ ...gateway, SKYROUTER_BASE_URL: `${upstream.url}/v1` }, { providers: ['skyrouter'] }),
    ).toEqual([]);
  });

  it('asks a gateway of Helicone for its models, in the cloud’s words and in its own', async () => {
    const gateway = await startFakeUpstream({ apiKey: 'sk-helicone-0123456789' });
    const look = (baseUrl: string, model: string, environment = {}) =>
      validate(
        {
          HELICONE_API_KEY: gateway.apiKey,
          HELICONE_BASE_URL: baseUrl,
          GENOPS_MODELS: model,
          ...environment,
        },
        {
          providers: ['helicone'],
          // The cloud is where its name says: what goes there comes here.
          fetch: (input, init) =>
            fetch(String(input).replace('https://ai-gateway.helicone.ai', gateway.url), init),
        },
      );
    const cloud = await look('', 'gpt-4o-mini/openai');
    expect(cloud.warnings).toEqual([]);
    expect(cloud.statuses).toMatchObject({
      'key (helicone)': 'passed',
      'endpoint (helicone)': 'passed',
      'catalogue (helicone)': 'passed',
    });
    const own = await look(`${gateway.url}/v1`, 'openai/gpt-4o-mini');
    expect([own.errors, own.warnings]).toEqual([[], []]);
    const wrongWay = await look(`${gateway.url}/v1`, 'gpt-4o-mini/openai');
    expect(wrongWay.errors.map(({ id }) => id)).toEqual(['model-unpriced']);
    const rejected = await look('', 'gpt-4o-mini/openai', { HELICONE_API_KEY: 'sk-helicone-9876543210' });
    expect(rejected.errors.map(({ id }) => id)).toEqual(['key-rejected']);
    expect(gateway.requests.every(({ method, path }) => `${method} ${path}` === 'GET /v1/models')).toBe(true);
    await gateway.close();
  });

  it('lets a model server on this machine do without a key', async () => {
    await writeFile(
      join(directory, 'genops.yaml'),
      `providers: [{ type: ollama, baseUrl: ${upstream.url}/v1 }]`,
    );
    const { isValid, checks } = await validate({ GENOPS_MODELS: '' }, { providers: ['ollama'] });
    expect(isValid).toBe(true);
    expect(checks.find(({ check }) => check === 'endpoint')?.message).toContain('the key was not tried');
  });

  it('finds a key where the SDK of a provider finds it', async () => {
    const gemini = await startFakeUpstream({ apiKey: `AIza${'x1'.repeat(17)}y`, formats: [geminiFormat] });
    const result = await validate(
      {
        GOOGLE_API_KEY: gemini.apiKey,
        GOOGLE_GEMINI_BASE_URL: gemini.url,
        GENOPS_MODELS: 'gemini-2.5-flash',
      },
      { providers: ['google'] },
    );
    await gemini.close();
    expect(result.checks.find(({ check }) => check === 'key')?.message).toBe(
      'GOOGLE_API_KEY is set (39 characters)',
    );
    expect(result.errors).toEqual([]);
  });

  it('finds somebody who answers in HTML', async () => {
    upstream.setReply({ headers: { 'content-type': 'text/html' }, body: '<h1>Welcome</h1>' });
    expect(await found()).toEqual(['endpoint-wrong']);
  });

  it('never shows a key, and sends none that cannot be right', async () => {
    const result = await validate({ OPENAI_API_KEY: 'sk-ant-api03-0123456789abcdefghij' });
    expect(JSON.stringify(result)).not.toContain('0123456789');
    const malformed = `'${apiKey}'`;
    await validate({ OPENAI_API_KEY: malformed });
    expect(upstream.requests.at(-1)?.headers['authorization']).toBeUndefined();
  });

  it('takes a collector that takes connections', async () => {
    const server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const result = await validate({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` });
    server.close();
    expect(result.statuses['telemetry']).toBe('passed');
  });

  it('looks for the collector that the file names, unless the environment names another', async () => {
    const server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const yaml = (of: number) =>
      `telemetry: { otlp: { endpoint: 'http://127.0.0.1:${of}', headers: { x-key: 'env:A_KEY' } } }`;
    await writeFile(join(directory, 'genops.yaml'), yaml(port));
    expect((await validate({ A_KEY: 'secret' })).statuses['telemetry']).toBe('passed');
    expect((await validate()).issues).toMatchObject([
      { id: 'configuration-invalid', subject: 'telemetry.otlp.headers.x-key', message: 'A_KEY is not set' },
    ]);
    await writeFile(join(directory, 'genops.yaml'), yaml(1));
    expect((await validate({ A_KEY: 'secret' })).issues).toMatchObject([
      { id: 'telemetry-unreachable', subject: 'telemetry.otlp.endpoint' },
    ]);
    const elsewhere = await validate({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` });
    server.close();
    expect(elsewhere.statuses['telemetry']).toBe('passed');
  });

  it('finds other instrumentations among what the program depends on', async () => {
    const dependencies = { '@traceloop/node-server-sdk': '1', '@anthropic-ai/sdk': '1', express: '5' };
    await writeFile(join(directory, 'package.json'), JSON.stringify({ dependencies }));
    const result = await validate({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' });
    expect(result.issues.map(({ id, subject }) => [id, subject])).toEqual([
      ['telemetry-unreachable', 'OTEL_EXPORTER_OTLP_ENDPOINT'],
      ['double-instrumentation', '@traceloop/node-server-sdk'],
      ['sdk-telemetry', '@anthropic-ai/sdk'],
    ]);
  });

  it('finds one that NODE_OPTIONS preloads, and a fetch that somebody replaced', async () => {
    const result = await validate({
      NODE_OPTIONS: '--max-old-space-size=512 --require dd-trace/init --import=@langfuse/openai/register',
    });
    expect(result.issues.filter(({ id }) => id === 'double-instrumentation')).toMatchObject([
      { subject: 'dd-trace', message: expect.stringContaining('is preloaded by NODE_OPTIONS') },
      { subject: '@langfuse/openai' },
    ]);
    const native = globalThis.fetch;
    globalThis.fetch = (input, init) => native(input, init);
    const replaced = await found();
    globalThis.fetch = native;
    expect(replaced).toEqual(['fetch-replaced']);
    expect(await found()).toEqual([]);
  });

  it('reads a ledger that is there, and finds one that is damaged', async () => {
    await mkdir(join(directory, '.genops'));
    await writeFile(join(directory, '.genops', 'ledger.db'), 'this is no database'.repeat(100));
    expect(await found()).toEqual(['ledger-damaged']);
  });

  it('reports the file that it read', async () => {
    await writeFile(join(directory, 'genops.yaml'), 'attribution: { team: from-the-file }');
    const { checks } = await validate({ GENOPS_TEAM: '' });
    expect(checks.find(({ check }) => check === 'configuration')?.message).toContain('genops.yaml');
    expect(checks.find(({ check }) => check === 'attribution')?.message).toContain('team from-the-file');
  });
});

describe('a live call', () => {
  const live = { usage: { prompt_tokens: 10, completion_tokens: 2, total_tokens: 12 } };

  it('is made only after its cost was shown and agreed to', async () => {
    upstream.setReply(live);
    const quotes: string[] = [];
    const declined = await validate(
      {},
      {
        live: ({ provider, model, atMost }) => {
          quotes.push(`${provider} ${model} ${atMost.amount.toFixed()} ${atMost.currency}`);
          return false;
        },
      },
    );
    expect(declined.statuses['live (openai)']).toBe('skipped');
    expect(upstream.requests.filter(({ method }) => method === 'POST')).toEqual([]);
    expect(quotes).toHaveLength(1);
    expect(quotes[0]).toMatch(/^openai gpt-4o-mini 0\.000\d+ USD$/);
  });

  it('reports what it came to, which is never more than was quoted', async () => {
    upstream.setReply(live);
    const { checks, statuses } = await validate({}, { live: () => true });
    expect(statuses['live (openai)']).toBe('passed');
    // (10 × 0.15 + 2 × 0.60) ÷ 1,000,000.
    expect(checks.find(({ check }) => check === 'live')?.message).toMatch(
      /^gpt-4o-mini answered in \d+ ms; cost 0\.0000027 USD, quoted at most 0\.000\d+ USD$/,
    );
    expect(upstream.requests.filter(({ method }) => method === 'POST')).toHaveLength(1);
  });

  it('tells when it fails, and when nobody says what it used', async () => {
    upstream.addRule({ when: { method: 'POST' }, reply: { status: 400, error: { message: 'Too long' } } });
    expect(await found({}, { live: () => true })).toEqual(['live-call-failed']);
    upstream.reset();
    upstream.setReply({ fault: { kind: 'no_usage' } });
    expect(await found({}, { live: () => true })).toEqual(['live-call-unmetered']);
  });

  it('is not made for what has no price', async () => {
    const result = await validate({ GENOPS_MODELS: 'gpt-99' }, { live: () => true });
    expect(result.statuses['live (openai)']).toBe('skipped');
    expect(upstream.requests.filter(({ method }) => method === 'POST')).toEqual([]);
  });
});

describe('genops doctor and genops validate', () => {
  const command = (values: readonly string[], environment: Record<string, string> = {}) =>
    genops(process.cwd(), values, {
      environment: { ...goodEnvironment(), GENOPS_LEDGER: join(directory, 'ledger.db'), ...environment },
    });

  it.each([
    [['doctor'], {}, 0],
    [['validate', 'openai'], {}, 0],
    [['doctor'], { GENOPS_TEAM: '' }, 0],
    [['doctor', '--strict'], { GENOPS_TEAM: '' }, 1],
    [['doctor'], { OPENAI_API_KEY: `${apiKey}x` }, 1],
    [['validate', 'openai'], { OPENAI_API_KEY: '' }, 1],
    [['validate', 'nobody'], {}, 2],
    [['validate'], {}, 2],
    [['doctor', '--timeout', 'soon'], {}, 2],
  ])('%j with %j ends with %i', async (values, environment, code) => {
    expect((await command(values, environment)).code).toBe(code);
  });

  it('says what is wrong, why it matters, what to do, and where there is more', async () => {
    const { output } = await command(['doctor'], { OPENAI_API_KEY: `${apiKey}x` });
    expect(output).toMatch(/^FAIL {2}endpoint \(openai\) +http\S+\/v1\/models answered 401/m);
    expect(output).toMatch(
      /error key-rejected: .*\n +why: .*\n +fix: .*\n +more: docs\/problems\/key-rejected\.md/,
    );
    expect(output).toMatch(/\nNot ready: \d+ passed/);
  });

  it('explains what it finds several times once', async () => {
    const { output } = await command(['doctor'], { GENOPS_TEAM: '', GENOPS_PROJECT: '' });
    expect(output.match(/warning attribution-missing: /g)).toHaveLength(2);
    expect(output.match(/more: docs\/problems\/attribution-missing\.md/g)).toHaveLength(1);
  });

  it('gives programs one JSON document', async () => {
    const { output } = await command(['doctor', '--json', '--model', 'gpt-99']);
    expect(JSON.parse(output)).toMatchObject({
      isValid: false,
      errors: [{ id: 'model-unpriced', subject: 'gpt-99' }],
    });
  });

  it('shows what a live call can cost before it is made', async () => {
    const { errors, output } = await command(['validate', 'openai', '--live']);
    expect(errors).toMatch(/^A live call to gpt-4o-mini \(openai\) costs at most 0\.000\d+ USD\.\n$/);
    expect(output).toContain('live (openai)');
  });
});
