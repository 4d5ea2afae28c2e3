import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Ledger } from '../ledger.ts';
import { openSqliteLedger, openSqliteLedgerReader } from '../sqlite.ts';
import { budget, draw, hold, refusedEntry, reserveRequest, spend } from '../testing/samples.ts';
import { createFreshIds } from './fresh-ids.ts';

let folder: string;
let path: string;
let opened: Ledger[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'genops-ledger-'));
  path = join(folder, 'ledger.db');
  opened = [];
});

afterEach(async () => {
  for (const ledger of opened) await ledger.close();
  rmSync(folder, { recursive: true, force: true });
});

async function open(options: { readonly waitForDiskOn?: 'threads' | 'here' } = {}): Promise<Ledger> {
  const ledger = await openSqliteLedger({ path, ...options });
  opened.push(ledger);
  return ledger;
}

/** A ledger with three entries and one hold, closed. */
async function written(): Promise<void> {
  const ledger = await open();
  await spend(ledger, 'a', budget(), '0.1');
  await spend(ledger, 'b', budget(), '0.2');
  await ledger.record(refusedEntry('c'));
  await hold(ledger, reserveRequest('d', [draw(budget(), '0.3')]));
  await ledger.close();
}

/** Changes the file as somebody with a database tool would. */
function tamper(...statements: string[]): void {
  const database = new DatabaseSync(path);
  for (const statement of statements) database.exec(statement);
  database.close();
}

describe('a file that was tampered with', () => {
  const disarm = 'DROP TRIGGER entries_are_never_changed; DROP TRIGGER entries_are_never_deleted';

  it.each([
    [
      'a column that was changed',
      `UPDATE entries SET cost_whole = 7 WHERE id = 'b'`,
      'Columns of entry 2 ("b") differ',
    ],
    ['a hold that was taken out', 'DELETE FROM hold_batches', 'has 0.3 held; entries and holds say 0'],
    [
      'a counter that was taken out',
      'DELETE FROM counters',
      'is missing; entries say 0.3 settled and 0.3 held',
    ],
  ])('shows %s', async (_, statement, finding) => {
    await written();
    tamper(disarm, statement);
    const reader = await openSqliteLedgerReader({ path });
    expect(await reader.verify()).toMatchObject({
      result: 'damaged',
      findings: expect.arrayContaining([expect.stringContaining(finding)]),
    });
    await reader.close();
  });

  it('does not let entries be changed or deleted in passing', async () => {
    await written();
    expect(() => tamper(`UPDATE entries SET body = '{}'`)).toThrow('ledger entries are never changed');
    expect(() => tamper('DELETE FROM entries')).toThrow('ledger entries are never deleted');
  });
});

describe('a file that cannot be used', () => {
  it.each([
    ['an empty file', () => writeFileSync(path, ''), 'is empty'],
    ['a file of something else', () => writeFileSync(path, 'x'.repeat(8192)), 'not a database'],
    ['another database', () => tamper('CREATE TABLE t (a)'), 'not a ledger'],
  ])('is never taken for a new ledger: %s', async (_, damage, message) => {
    damage();
    await expect(open()).rejects.toMatchObject({
      code: 'ledger_corrupt',
      message: expect.stringContaining(message),
    });
  });

  it('of a newer version is refused', async () => {
    await written();
    tamper('PRAGMA user_version = 99');
    const newer = { code: 'ledger_corrupt', message: expect.stringContaining('version 99') };
    await expect(open()).rejects.toMatchObject(newer);
    await expect(openSqliteLedgerReader({ path })).rejects.toMatchObject(newer);
  });

  it.each([0, -1, -2_147_483_646])('of version %d, which never was, is refused', async (version) => {
    await (await open()).close();
    tamper(`PRAGMA user_version = ${version}`);
    const damaged = { code: 'ledger_corrupt', message: expect.stringContaining(`version ${version}`) };
    await expect(open()).rejects.toMatchObject(damaged);
    await expect(openSqliteLedgerReader({ path })).rejects.toMatchObject(damaged);
  });

  it('of an older version is brought forward, and read as it is by who only reads', async () => {
    await written();
    tamper('DROP TABLE head', 'PRAGMA user_version = 1');
    const reader = await openSqliteLedgerReader({ path });
    expect(await reader.verify()).toMatchObject({ result: 'intact', entries: 3 });
    await reader.close();
    const ledger = await open();
    expect(await ledger.verify()).toMatchObject({ result: 'intact', entries: 3 });
    await spend(ledger, 'e', budget(), '0.1');
    expect(await ledger.verify()).toMatchObject({ result: 'intact', entries: 4 });
    await ledger.close();
    tamper('DROP TRIGGER entries_are_never_deleted', `DELETE FROM entries WHERE id = 'e'`);
    expect((await (await open()).verify()).findings[0]).toBe('The chain ends at entry 3, not at 4');
  });

  it('that was cut off is refused', async () => {
    await written();
    truncateSync(path, 5000);
    await expect(open()).rejects.toMatchObject({ code: 'ledger_corrupt' });
  });

  it('is not made by a reader', async () => {
    await expect(openSqliteLedgerReader({ path })).rejects.toMatchObject({ code: 'ledger_unavailable' });
    expect(existsSync(path)).toBe(false);
  });

  it('that was not finished being made is made anew', async () => {
    writeFileSync(`${path}-new`, 'half a file');
    expect(await (await open()).verify()).toMatchObject({ result: 'intact', entries: 0 });
  });
});

describe.each(['threads', 'here'] as const)('a disk that fails, waited for on %s', (waitForDiskOn) => {
  /** Another program keeps the file locked, so that nothing can be written. */
  function lockFile(): () => void {
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    return () => {
      other.exec('ROLLBACK');
      other.close();
    };
  }

  it('holds nothing, says so, and goes on by itself when it works again', { timeout: 20_000 }, async () => {
    const ledger = await open({ waitForDiskOn });
    await spend(ledger, 'a', budget(), '0.1');
    const unlock = lockFile();
    const calls = ['b', 'c', 'd'].map((id) => ledger.reserve(reserveRequest(id, [draw(budget(), '0.2')])));
    for (const call of calls) await expect(call).rejects.toMatchObject({ code: 'ledger_unavailable' });
    await expect(ledger.reserve(reserveRequest('e', [draw(budget(), '0.2')]))).rejects.toMatchObject({
      code: 'ledger_unavailable',
    });
    unlock();
    await expect
      .poll(() => ledger.states([{ limit: budget(), bucket: '' }]).catch(() => undefined), {
        timeout: 10_000,
      })
      .toMatchObject([{ settled: '0.1', held: '0' }]);
    await hold(ledger, reserveRequest('b', [draw(budget(), '0.9')]));
    expect(await ledger.verify()).toMatchObject({ result: 'intact' });
  });

  it('takes back what freed room together with what used it', { timeout: 20_000 }, async () => {
    const ledger = await open({ waitForDiskOn });
    await hold(ledger, reserveRequest('a', [draw(budget(), '1')]));
    const unlock = lockFile();
    const entry = { ...refusedEntry('a'), outcome: 'failed' } as const;
    const freed = ledger.release({ id: 'a', entry });
    const used = ledger.reserve(reserveRequest('b', [draw(budget(), '1')]));
    await expect(freed).rejects.toMatchObject({ code: 'ledger_unavailable' });
    await expect(used).rejects.toMatchObject({ code: 'ledger_unavailable' });
    unlock();
    await expect
      .poll(() => ledger.states([{ limit: budget(), bucket: '' }]).catch(() => undefined), {
        timeout: 10_000,
      })
      .toMatchObject([{ held: '1' }]);
  });
});

describe('a second process', () => {
  const program = `
    import { openSqliteLedger } from '@genops/ledger/sqlite';
    try {
      const ledger = await openSqliteLedger({ path: process.argv[1] });
      process.stdout.write('opened');
      setInterval(() => {}, 1000);
    } catch (error) { process.stdout.write(error.code); }
  `;

  function start(): { readonly said: Promise<string>; readonly kill: () => Promise<void> } {
    const child = spawn(
      process.execPath,
      ['--conditions=@genops/source', '--no-warnings', '--input-type=module', '-e', program, path],
      {
        cwd: import.meta.dirname,
      },
    );
    return {
      said: new Promise((resolve) => child.stdout.once('data', (bytes) => resolve(String(bytes)))),
      kill: () =>
        new Promise((resolve) => {
          child.once('exit', () => resolve());
          child.kill('SIGKILL');
        }),
    };
  }

  it('is refused while the first one lives, and not once it was killed', { timeout: 20_000 }, async () => {
    const first = start();
    expect(await first.said).toBe('opened');
    const second = start();
    expect(await second.said).toBe('ledger_unavailable');
    await second.kill();
    await expect(open()).rejects.toMatchObject({
      code: 'ledger_unavailable',
      message: expect.stringContaining('in use by another writer'),
    });
    await first.kill();
    await spend(await open(), 'a', budget(), '0.1');
  });
});

describe('openSqliteLedgerReader', () => {
  it('reads beside the process that writes', async () => {
    const ledger = await open();
    const reader = await openSqliteLedgerReader({ path });
    for (const id of ['a', 'b', 'c']) {
      await spend(ledger, id, budget(), '0.1');
      expect((await reader.entries()).entries.at(-1)?.id).toBe(id);
    }
    expect(await reader.states([{ limit: budget(), bucket: '' }])).toMatchObject([{ settled: '0.3' }]);
    expect((await reader.sum({ by: [] }))[0]?.cost.amount.toFixed()).toBe('0.3');
    expect(await reader.verify()).toMatchObject({ result: 'intact', entries: 3 });
    await reader.close();
  });
});

describe('a copy of the files', () => {
  it('taken while nothing is written is a whole ledger', async () => {
    const ledger = await open();
    await spend(ledger, 'a', budget(), '0.1');
    const copy = join(folder, 'copy.db');
    copyFileSync(path, copy);
    copyFileSync(`${path}-wal`, `${copy}-wal`);
    const restored = await openSqliteLedger({ path: copy });
    expect(await restored.verify()).toMatchObject({ result: 'intact', entries: 1 });
    await restored.close();
  });
});

describe('createFreshIds', () => {
  it('never takes an id for new that was recorded', () => {
    const ids = createFreshIds('m');
    expect(ids.isFresh('n')).toBe(true);
    expect(ids.isFresh('m')).toBe(false);
    expect(ids.isFresh('a')).toBe(false);
    ids.add('n');
    expect(ids.isFresh('n')).toBe(false);
    for (let index = 0; index < 200_000; index += 1) ids.add(`o${String(index).padStart(9, '0')}`);
    for (const id of ['n', 'o000000000', 'o000000001', 'o000100000', 'o000199999'])
      expect(ids.isFresh(id)).toBe(false);
    expect(ids.isFresh('o000200000')).toBe(true);
    // Other alphabets are ordered differently by the database.
    expect(ids.isFresh('\u{1f600}')).toBe(false);
  });
});
