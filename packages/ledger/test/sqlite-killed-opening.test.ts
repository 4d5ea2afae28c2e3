import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { openSqliteLedger } from '@genops/ledger/sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { budget, draw, hold, reserveRequest, spend } from '../src/testing/samples.ts';
import { reportMissing } from '../src/testing/servers/on-server.ts';
import { runTampered, withoutStrace } from './strace.ts';

const program = fileURLToPath(new URL('open-and-close.ts', import.meta.url));
/** Everything by which a file changes. */
const calls = ['pwrite64', 'fsync', 'fdatasync', 'ftruncate', 'rename', 'unlink'];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'genops-ledger-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Kills the opening of a copy of the folder before its first change of a file, its second, and so on. */
async function killAtEveryChange(of: string, look: (path: string) => Promise<void>): Promise<number> {
  for (let change = 1; ; change += 1) {
    const copy = join(folder, `${of}-${change}`);
    cpSync(join(folder, of), copy, { recursive: true });
    const path = join(copy, 'ledger.db');
    const { code } = await runTampered({
      program: [program, path],
      notes: join(folder, 'calls'),
      calls,
      inject: `signal=KILL:when=${change}`,
    });
    await look(path);
    rmSync(copy, { recursive: true });
    if (code === 0) return change - 1;
  }
}

describe('a process that is killed at any change of a file', () => {
  if (withoutStrace !== undefined) {
    reportMissing('strace', withoutStrace);
    return;
  }

  it('while it makes a ledger leaves none, or a whole one', { timeout: 300_000 }, async () => {
    mkdirSync(join(folder, 'nothing'));
    const changes = await killAtEveryChange('nothing', async (path) => {
      const wasThere = existsSync(path);
      const ledger = await openSqliteLedger({ path, waitForDiskOn: 'here' });
      expect(await ledger.verify(), `there: ${wasThere}`).toMatchObject({ result: 'intact', findings: [] });
      await spend(ledger, 'a', budget(), '0.1');
      await ledger.close();
    });
    expect(changes).toBeGreaterThan(10);
  });

  it('while it brings an older ledger forward leaves it in one version or the other, whole', {
    timeout: 300_000,
  }, async () => {
    mkdirSync(join(folder, 'older'));
    const path = join(folder, 'older', 'ledger.db');
    const before = await openSqliteLedger({ path, waitForDiskOn: 'here' });
    for (const id of ['a', 'b', 'c']) await spend(before, id, budget(), '0.1');
    await hold(before, reserveRequest('d', [draw(budget(), '0.3')]));
    await before.close();
    const database = new DatabaseSync(path);
    database.exec('DROP TABLE head; PRAGMA user_version = 1');
    database.close();

    const changes = await killAtEveryChange('older', async (copy) => {
      const ledger = await openSqliteLedger({ path: copy, waitForDiskOn: 'here' });
      expect(await ledger.verify()).toMatchObject({ result: 'intact', findings: [] });
      const { entries } = await ledger.entries();
      expect(entries.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
      const [state] = await ledger.states([{ limit: budget(), bucket: '' }]);
      expect([state?.settled, state?.held].map(String)).toEqual(['0.3', '0.3']);
      await ledger.close();
    });
    expect(changes).toBeGreaterThan(3);
  });
});
