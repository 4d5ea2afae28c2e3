import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Decimal, type LedgerEntry, money } from '@genops/core';
import { openSqliteLedger } from '@genops/ledger/sqlite';
import { beforeAll, describe, expect, it } from 'vitest';
import { genops as run } from '../test/genops.ts';

let data: string;

/** Two teams, three calls, one refusal, on three days. */
beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'genops-cli-'));
  let now = new Date('2026-11-01T10:00:00Z');
  const ledger = await openSqliteLedger({ path: join(data, 'ledger.db'), now: () => now });
  const call = async (id: string, team: string, model: string, cost: string): Promise<void> => {
    const entry = {
      operationId: id,
      attempt: 1,
      provider: 'openai',
      operation: 'chat' as const,
      requestModel: model,
      stream: false,
      attribution: { team, project: 'ranking', tags: { tier: 'gold' } },
      decision: { verdict: 'allowed' as const, rules: [], limits: [] },
    };
    await ledger.reserve({ id: `${id}.1`, draws: [], expiresInMs: 60_000, entry });
    const usage = { inputTokens: 1000, outputTokens: 10 };
    const priced = { result: 'priced' as const, total: money(cost), lines: [], basis: 'computed' as const };
    await ledger.settle({
      id: `${id}.1`,
      amounts: [] as Decimal[],
      entry: { ...entry, usage, cost: priced, outcome: 'completed' },
    });
  };
  await call('one', 'search', 'gpt-4o', '0.10');
  now = new Date('2026-11-02T10:00:00Z');
  await call('two', 'search', 'gpt-4o', '0.20000000015');
  now = new Date('2026-11-03T10:00:00Z');
  await call('three', 'ads\u001b[31m', 'gpt-4o-mini', '1.5');
  const refused: LedgerEntry = {
    id: 'four.0',
    operationId: 'four',
    attempt: 0,
    kind: 'refused',
    at: now.toISOString(),
    endedAt: now.toISOString(),
    provider: 'openai',
    operation: 'chat',
    requestModel: 'gpt-4o',
    stream: false,
    attribution: { team: 'search', project: 'ranking' },
    decision: { verdict: 'blocked', reasonCode: 'BUDGET_EXCEEDED', message: 'full', rules: [], limits: [] },
    cost: { result: 'priced', total: money('0'), lines: [], basis: 'computed' },
    outcome: 'failed',
  };
  await ledger.record(refused);
  await ledger.close();
});

const genops = (...values: string[]) =>
  run(process.cwd(), values, {
    environment: { GENOPS_DATA_DIR: data },
    now: () => new Date('2026-11-04T00:00:00Z'),
  });

describe('genops spend', () => {
  it('sums by team, project and model, the dearest first', async () => {
    const { code, output } = await genops('spend');
    expect(code).toBe(0);
    const lines = output.trimEnd().split('\n');
    expect(lines[0]?.split(/\s+/)).toEqual([
      'team',
      'project',
      'model',
      'cost',
      'calls',
      'input',
      'output',
      'unpriced',
      'refused',
    ]);
    expect(lines[1]).toMatch(
      /^ads\\x1b\[31m\s+ranking\s+gpt-4o-mini\s+1\.500000\s+USD\s+1\s+1000\s+10\s+0\s+0$/,
    );
    expect(lines[2]).toMatch(/^search\s+ranking\s+gpt-4o\s+0\.300000\s+USD\s/);
    expect(lines).toHaveLength(3);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(100);
  });

  it('gives every digit in JSON', async () => {
    const { output } = await genops('spend', '--by', 'team', '--match', 'team=search', '--json');
    expect(JSON.parse(output)).toEqual([
      expect.objectContaining({
        team: 'search',
        cost: '0.30000000015',
        currency: 'USD',
        inputTokens: 2000,
        refused: 1,
      }),
    ]);
  });

  it('counts a stretch of time: start in, end out', async () => {
    const { output } = await genops(
      'spend',
      '--by',
      'team',
      '--from',
      '2026-11-02T10:00:00Z',
      '--until',
      '1d',
      '--json',
    );
    expect(JSON.parse(output)).toEqual([expect.objectContaining({ team: 'search', cost: '0.20000000015' })]);
  });

  it('says so when there is nothing', async () => {
    expect((await genops('spend', '--match', 'team=nobody')).output).toBe(
      'Nothing was recorded in this time.\n',
    );
  });

  it.each([
    [['spend', '--from', 'yesterday'], /--from: expected 2026-11-01/],
    [['spend', '--match', 'team'], /--match.*expected dimension=value/],
    [['spend', '--data', '/nonexistent'], /nonexistent/],
    [['spend', '--bye', 'team'], /unknown option/],
    [['spent'], /unknown command/],
  ])('answers %j with what is wrong and exit code 2', async (values, message) => {
    const { code, errors } = await genops(...values);
    expect(code).toBe(2);
    expect(errors).toMatch(message);
    expect(errors).not.toContain('    at ');
  });
});
