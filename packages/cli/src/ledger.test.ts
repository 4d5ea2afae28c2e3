import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Readable } from 'node:stream';
import { type LedgerEntry, money } from '@genops/core';
import { openSqliteLedger } from '@genops/ledger/sqlite';
import { beforeEach, describe, expect, it } from 'vitest';
import { runCommandLine } from './command-line.ts';

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
  let output = '';
  const code = await runCommandLine([...values, '--data', data], {
    write: (text) => {
      output += text;
    },
    writeError: (text) => {
      output += text;
    },
    environment: {},
    standardInput: Readable.from([]),
    now: () => new Date(),
  });
  return { code, output };
}

describe('genops ledger verify', () => {
  it('finds a ledger intact that nobody touched', async () => {
    expect(await genops('ledger', 'verify')).toEqual({ code: 0, output: 'intact: 3 entries\n' });
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
