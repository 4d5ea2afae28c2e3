import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type LedgerEntry, money } from '@genops/core';
import { openSqliteLedger, openSqliteLedgerReader } from '@genops/ledger/sqlite';
import { beforeEach, describe, expect, it } from 'vitest';
import { genops as run } from '../test/genops.ts';

let data: string;

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'genops-cli-'));
  const ledger = await openSqliteLedger({ path: join(data, 'ledger.db') });
  for (const id of ['one', 'two', 'three']) await ledger.record(refusal(id));
  await ledger.close();
});

function refusal(id: string): LedgerEntry {
  const at = new Date().toISOString();
  return {
    id: `${id}.0`,
    operationId: id,
    attempt: 0,
    kind: 'refused',
    at,
    endedAt: at,
    provider: 'openai',
    operation: 'chat',
    requestModel: 'gpt-4o',
    stream: false,
    attribution: { team: 'search' },
    decision: { verdict: 'blocked', reasonCode: 'BUDGET_EXCEEDED', message: 'full', rules: [], limits: [] },
    cost: { result: 'priced', total: money('0'), lines: [], basis: 'computed' },
    outcome: 'failed',
  };
}

async function genops(...values: string[]): Promise<{ code: number; output: string }> {
  const { code, output, errors } = await run(process.cwd(), [...values, '--data', data]);
  return { code, output: output + errors };
}

describe('genops ledger verify', () => {
  it('finds a ledger intact that nobody touched', async () => {
    expect(await genops('ledger', 'verify')).toEqual({
      code: 0,
      output: expect.stringMatching(/^intact: 3 entries\nanchor 3:[0-9a-f]{64}\n$/),
    });
    expect(JSON.parse((await genops('audit', 'verify', '--json')).output)).toMatchObject({
      result: 'intact',
    });
  });

  it('shows that an entry was changed behind its back', async () => {
    const database = new DatabaseSync(join(data, 'ledger.db'));
    const triggers = database.prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'").all();
    for (const { name } of triggers) database.exec(`DROP TRIGGER "${name}"`);
    const table = database
      .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%body%'")
      .get();
    database.exec(`UPDATE "${table?.['name']}" SET body = replace(body, 'gpt-4o', 'gpt-4x') WHERE rowid = 2`);
    database.close();
    const { code, output } = await genops('audit', 'verify');
    expect(code).toBe(1);
    expect(output).toMatch(/^damaged/);
  });
});

describe('genops audit verify', () => {
  it('shows that the end was cut off, also to whoever believes only an anchor of their own', async () => {
    const { anchor } = JSON.parse((await genops('audit', 'verify', '--json')).output);
    const database = new DatabaseSync(join(data, 'ledger.db'));
    database.exec('DROP TRIGGER entries_are_never_deleted; DELETE FROM entries WHERE seq = 3');
    expect((await genops('audit', 'verify')).output).toContain('The chain ends at entry 2, not at 3');
    database.exec('UPDATE head SET seq = 2, hash = (SELECT hash FROM entries WHERE seq = 2)');
    database.close();
    expect((await genops('audit', 'verify')).code).toBe(0);
    const { code, output } = await genops('audit', 'verify', '--anchor', anchor);
    expect(code).toBe(1);
    expect(output).toContain('Entry 3 of the anchor is not there');
    expect((await genops('audit', 'verify', '--anchor', 'mine')).code).toBe(2);
  });
});

describe('genops ledger backup', () => {
  it('copies a ledger that can be read like the first, and overwrites nothing', async () => {
    const copy = join(await mkdtemp(join(tmpdir(), 'genops-copy-')), 'ledger.db');
    expect((await genops('ledger', 'backup', copy)).code).toBe(0);
    expect((await genops('ledger', 'backup', copy)).code).toBe(2);
    const reader = await openSqliteLedgerReader({ path: copy });
    expect(await reader.verify()).toMatchObject({ result: 'intact', entries: 3 });
    await reader.close();
  });
});

describe('genops ledger rebuild', () => {
  it('leaves right counters as they are', async () => {
    expect(await genops('ledger', 'rebuild')).toEqual({
      code: 0,
      output: '0 counters were different and are right now\n',
    });
  });
});

describe('genops ledger retire', () => {
  it('takes old entries out, but not those under legal hold', async () => {
    const tomorrow = new Date(Date.now() + 86_400_000).toISOString();
    const kept = await genops('ledger', 'retire', '--before', tomorrow, '--keep', 'team=search');
    expect(kept.output).toBe('0 entries were taken out, 3 stay under legal hold\n');
    expect((await genops('ledger', 'retire', '--before', tomorrow)).output).toMatch(
      /^3 entries were taken out/,
    );
    expect((await genops('audit', 'verify')).code).toBe(0);
  });
});

describe('genops ledger export', () => {
  it('writes every entry as a line', async () => {
    const { output } = await genops('ledger', 'export');
    expect(
      output
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).operationId),
    ).toEqual(['one', 'two', 'three']);
  });
});
