import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type LedgerEntry, money, sumMoney } from '@genops/core';
import { openSqliteLedger, openSqliteLedgerReader } from '@genops/ledger/sqlite';
import { createPricing } from '@genops/pricing';
import { beforeAll, describe, expect, it } from 'vitest';
import { runCommandLine } from './command-line.ts';

let data: string;
const prices = createPricing();
const dayMs = 86_400_000;
const now = Date.parse('2026-11-18T12:00:00Z');
const days = 60;

/** Calls of a day: fewer at weekends, some of nobody's, one in a hundred refused. */
function* entriesOf(day: number): Generator<LedgerEntry> {
  const start = now - (days - day) * dayMs;
  const weekday = new Date(start).getUTCDay();
  const calls = weekday === 0 || weekday === 6 ? 12 : 30;
  for (let call = 0; call < calls; call += 1) {
    const id = `d${String(day).padStart(3, '0')}-${String(call).padStart(3, '0')}`;
    const at = new Date(start + call * 600_000).toISOString();
    const model = call % 3 === 0 ? 'gpt-4o-mini' : 'gpt-4o';
    const usage = {
      inputTokens: 2000 + ((call * 37 + day * 11) % 500),
      outputTokens: 100 + ((call * 13) % 60),
    };
    yield {
      id: `${id}.1`,
      operationId: id,
      attempt: 1,
      kind: 'settled',
      at,
      endedAt: new Date(Date.parse(at) + 900).toISOString(),
      provider: 'openai',
      operation: 'chat',
      requestModel: model,
      stream: false,
      attribution: call % 10 === 9 ? {} : { team: call % 2 === 0 ? 'search' : 'ads', feature: 'rank' },
      decision: { verdict: 'allowed', rules: [], limits: [] },
      usage,
      cost: prices.price({ provider: 'openai', model, at, usage }),
      outcome: 'completed',
      status: 200,
    };
  }
}

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'genops-cli-'));
  const ledger = await openSqliteLedger({
    path: join(data, 'ledger.db'),
    waitForDiskOn: 'here',
    timeoutMs: 60_000,
  });
  for (let day = 0; day < days; day += 1) {
    await Promise.all([...entriesOf(day)].map((entry) => ledger.record(entry)));
  }
  await ledger.close();
});

async function genops(...values: string[]): Promise<{ code: number; output: string; errors: string }> {
  let output = '';
  let errors = '';
  const code = await runCommandLine(values, {
    write: (text) => {
      output += text;
    },
    writeError: (text) => {
      errors += text;
    },
    environment: { GENOPS_DATA_DIR: data },
    standardInput: Readable.from([]),
    now: () => new Date(now),
  });
  return { code, output, errors };
}

async function spent(from: string, match: Record<string, string[]> = {}): Promise<string> {
  const reader = await openSqliteLedgerReader({ path: join(data, 'ledger.db') });
  const filter = { from, until: new Date(now).toISOString(), match };
  const [row] = await reader.sum({ by: [], filter });
  await reader.close();
  return row?.cost.amount.toFixed() ?? '0';
}

function fits(output: string): void {
  for (const line of output.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
}

describe('genops report', () => {
  it('shows spending beside the time before, in eighty columns', async () => {
    const { code, output } = await genops('report', '--since', '14d');
    expect(code).toBe(0);
    const [header, first] = output.split('\n');
    expect(header?.split(/\s+/)).toEqual(['team', 'model', 'cost', 'change', 'calls', 'per', 'call']);
    expect(first).toMatch(/^(search|ads) +gpt-4o +\d+\.\d{4} {2}USD +[+-]?\d+ % +\d+ +0\.\d+$/);
    expect(output).toMatch(
      / USD in all, 0 refused, 0 without a known cost, 0 estimated, 0 not\s+finished\n$/,
    );
    fits(output);
  });

  it('splits what belongs to nobody, to the last digit', async () => {
    const { output } = await genops(
      'report',
      '--by',
      'team',
      '--since',
      '30d',
      '--chargeback',
      'proportional',
      '--json',
    );
    const { chargeback, totals } = JSON.parse(output);
    const parts = chargeback.map(({ total }: { total: { amount: string } }) => money(total.amount));
    expect(sumMoney(parts).amount.toFixed()).toBe(totals[0].amount);
    expect(totals[0].amount).toBe(await spent(new Date(now - 30 * dayMs).toISOString()));
    const table = await genops('report', '--by', 'team', '--chargeback', 'even', '--no-details');
    expect(table.output).toMatch(/\npayer +direct +shared +total\nads /);
    fits(table.output);
  });

  it('says so when there is nothing', async () => {
    expect((await genops('report', '--match', 'team=nobody')).output).toBe(
      'Nothing was recorded in this time.\n',
    );
  });
});

describe('genops recommend', () => {
  it('says what to do, what it would have saved, and what speaks against it', async () => {
    const { code, output } = await genops('recommend', '--since', '30d');
    expect(code).toBe(0);
    expect(output).toMatch(/^\d+\.\d{4} USD were spent; \d+ calls were priced again, 0 could not be\.\n/);
    expect(output).toContain('done by openai/gpt-4o-mini instead of');
    expect(output).toMatch(
      /saves \d+\.\d{4} USD \(\d+\.\d %\); \d+ calls; effort medium; confidence 0\.\d\d/,
    );
    fits(output);
  });

  it('gives every digit and all fields in JSON', async () => {
    const { output } = await genops('recommend', '--json', '--candidate', 'openai/gpt-4.1-nano');
    const { recommendations, spend } = JSON.parse(output);
    expect(spend).toEqual({ amount: await spent(new Date(now - 30 * dayMs).toISOString()), currency: 'USD' });
    expect(recommendations[0]).toMatchObject({
      title: expect.any(String),
      potentialSavings: { amount: expect.stringMatching(/^\d+\.\d+$/), currency: 'USD' },
      effortLevel: expect.any(String),
      priorityScore: expect.any(Number),
      optimizationType: 'routing',
    });
  });
});

describe('genops forecast', () => {
  it('foretells the end of the month, and how well it would have foretold the past', async () => {
    const { code, output } = await genops('forecast');
    expect(code).toBe(0);
    expect(output).toMatch(/^2026-11-01T00:00 to 2026-12-01T00:00 UTC\nspent so far {2}\d+\.\d{4} USD\n/);
    expect(output).toMatch(/Tried \d+ times on days that are known: \d+\.\d % off on average/);
    fits(output);
    const document = JSON.parse((await genops('forecast', '--json')).output);
    expect(document.spent.amount).toBe(await spent('2026-11-01T00:00:00Z'));
  });

  it('exits with 1 when the budget will not last', async () => {
    const short = await genops('forecast', '--budget', '2.5');
    expect(short.code).toBe(1);
    expect(short.output).toMatch(/The budget (has \S+ USD left, until about 2026-11-|is used up)/);
    const long = await genops('forecast', '--budget', '5000');
    expect(long).toMatchObject({ code: 0, output: expect.stringContaining('The budget lasts') });
  });

  it('refuses to foretell from too few days', async () => {
    const { code, output } = await genops('forecast', '--at', '2026-10-01T00:00:00Z');
    expect(code).toBe(0);
    expect(output).toMatch(/^Nothing can be foretold yet: \d+ full days are known/);
  });
});

describe('genops what-if', () => {
  it('prices the past elsewhere, with a discount, and by team', async () => {
    const { code, output } = await genops(
      'what-if',
      '--move',
      'openai/gpt-4o=openai/gpt-4o-mini',
      '--discount',
      '0.1',
      '--by',
      'team',
    );
    expect(code).toBe(0);
    expect(output).toMatch(/^ +cost +saving +changed +unpriced\nas it was +\d+\.\d{4}\n/);
    expect(output).toMatch(
      /\nopenai\/gpt-4o → openai\/gpt-4o-mini +\d+\.\d{4} +\d+\.\d{4} +\d+ +0\n {2}search /,
    );
    expect(output).toMatch(/\ndiscount 0\.1 /);
    fits(output);
  });

  it('takes a contract on offer', async () => {
    const file = join(data, 'offer.json');
    const version = { modifiers: [{ factor: '0.5', stage: 'contract' }] };
    await writeFile(
      file,
      JSON.stringify({ provider: 'openai', models: [{ model: '*', versions: [version] }] }),
    );
    const { output } = await genops('what-if', '--other-prices', file, '--json');
    const { current, scenarios } = JSON.parse(output);
    expect(money(scenarios[0].saving.amount).amount.times('2').toFixed()).toBe(current.amount);
  });
});

describe('genops export focus', () => {
  it('writes charges that add up to the ledger, and what is missing to standard error', async () => {
    const { code, output, errors } = await genops('export', 'focus', '--since', '7d', '--format', 'jsonl');
    expect(code).toBe(0);
    const rows = output
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const total = sumMoney(rows.map(({ BilledCost }) => money(BilledCost)));
    expect(total.amount.toFixed()).toBe(await spent(new Date(now - 7 * dayMs).toISOString()));
    expect(errors).toMatch(/^FOCUS 1\.3: \d+ charges of \d+ entries\n$/);
  });

  it('writes the columns of the version asked for', async () => {
    const { output } = await genops('export', 'focus', '--since', '1d', '--focus-version', '1.4');
    const [header] = output.split('\r\n');
    expect(header).toContain('ServiceProviderName');
    expect(header?.split(',')).not.toContain('ProviderName');
  });
});

describe('questions asked wrongly', () => {
  it.each([
    [['report', '--since', 'yesterday'], /--since: expected 2026-11-01/],
    [['report', '--since', '1d', '--until', '2d'], /--until: expected an instant after/],
    [['report', '--chargeback', 'even'], /--chargeback: expected one dimension/],
    [['report', '--data', '/nonexistent'], /nonexistent/],
    [['recommend', '--candidate', 'gpt-4o'], /expected provider\/model/],
    [['recommend', '--top', '0'], /expected a number from 1 up/],
    [['recommend', '--prices', '/nonexistent.json'], /cannot be read/],
    [['forecast', '--budget', 'much'], /plain decimal/],
    [['forecast', '--period', 'decade'], /Allowed choices/],
    [['what-if'], /expected --move/],
    [['what-if', '--move', 'a'], /expected from=to/],
    [['what-if', '--discount', '2'], /expected a share/],
    [['export', 'focus', '--focus-version', '0.5'], /Allowed choices/],
  ])('%j is answered with what is wrong and exit code 2', async (values, message) => {
    const { code, errors } = await genops(...values);
    expect(code).toBe(2);
    expect(errors).toMatch(message);
    expect(errors).not.toContain('    at ');
  });
});
