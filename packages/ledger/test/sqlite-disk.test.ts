import {
  copyFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DurableLedger, Ledger, VerifyResult } from '@genops/ledger';
import { openSqliteLedger } from '@genops/ledger/sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  budget,
  costOf,
  decimal,
  draw,
  hold,
  refusedEntry,
  reserveRequest,
  settledEntry,
  spend,
} from '../src/testing/samples.ts';
import { reportMissing } from '../src/testing/servers/on-server.ts';
import { makeSmallDisk } from './disk.ts';
import { runTampered, withoutStrace } from './strace.ts';

const unavailable = { code: 'ledger_unavailable' };
const large = budget({ amount: '1000000' });

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'genops-ledger-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function idsOf(ledger: Ledger): Promise<string[]> {
  const { entries } = await ledger.entries({ pageSize: 10_000 });
  return entries.map(({ id }) => id);
}

const made = makeSmallDisk(3000);

describe('a disk that is full', () => {
  if (made.result === 'unavailable') {
    reportMissing('disk of its own', made.reason);
    return;
  }
  const { disk } = made;

  it('admits nothing, loses nothing, and goes on by itself when there is room', {
    timeout: 60_000,
  }, async () => {
    const path = join(disk.folder, 'ledger.db');
    const ledger = await openSqliteLedger({ path, timeoutMs: 2000 });
    const acknowledged: string[] = [];
    const tryToSpend = async (id: string): Promise<boolean> => {
      try {
        await spend(ledger, id, large, '0.01');
        acknowledged.push(id);
        return true;
      } catch (error) {
        expect(error).toMatchObject(unavailable);
        return false;
      }
    };
    for (let call = 0; call < 20; call += 1) expect(await tryToSpend(`before-${call}`)).toBe(true);
    disk.fill();
    // What was made room for in the log before still fits.
    for (let call = 0, failed = 0; failed < 3; call += 1) {
      expect(call).toBeLessThan(5000);
      if (!(await tryToSpend(`full-${String(call).padStart(5, '0')}`))) failed += 1;
    }
    disk.clear();
    await expect.poll(() => tryToSpend(`after-${acknowledged.length}`), { timeout: 20_000 }).toBe(true);
    expect(await ledger.verify()).toMatchObject({ result: 'intact', findings: [] });
    expect((await idsOf(ledger)).filter((id) => acknowledged.includes(id))).toEqual(acknowledged);
    await ledger.close();

    disk.setReadOnly(true);
    await expect(openSqliteLedger({ path })).rejects.toMatchObject(unavailable);
    await expect(openSqliteLedger({ path: join(disk.folder, 'new.db') })).rejects.toThrow();
    disk.setReadOnly(false);
    const again = await openSqliteLedger({ path });
    expect(await again.verify()).toMatchObject({ result: 'intact' });
    await again.close();
    disk.remove();
  });
});

describe('a disk whose sync fails', () => {
  if (withoutStrace !== undefined) {
    reportMissing('strace', withoutStrace);
    return;
  }
  const writer = fileURLToPath(new URL('../proof/crash-writer.ts', import.meta.url));

  it('is never believed again: nothing is acknowledged after it that is not there', {
    timeout: 60_000,
  }, async () => {
    const path = join(folder, 'ledger.db');
    const notes = join(folder, 'notes');
    await (await openSqliteLedger({ path })).close();
    // Every sync from the fortieth on fails.
    const { errors } = await runTampered({
      program: [writer, 'sqlite', path, notes, 'r'],
      notes: join(folder, 'calls'),
      calls: ['fsync', 'fdatasync'],
      inject: 'error=EIO:when=40+',
    });
    expect(errors).toContain('The sqlite ledger is not available');
    expect(readFileSync(join(folder, 'calls'), 'utf8')).toContain('EIO');

    const told = readFileSync(notes, 'utf8').trim().split('\n');
    expect(told.length).toBeGreaterThan(20);
    const ledger = await openSqliteLedger({ path });
    const entries = new Map(
      (await ledger.entries({ pageSize: 10_000 })).entries.map((entry) => [entry.id, entry.kind]),
    );
    const ended = told.map((line) => line.split(' ')).filter(([what]) => what !== 'held');
    expect(ended.filter(([what, id = '']) => entries.get(id) !== what)).toEqual([]);
    expect(await ledger.verify()).toMatchObject({ result: 'intact' });
    await ledger.close();
  });
});

describe('a file that was damaged', () => {
  /** Files as they are while the ledger is open and its log is not folded into the file yet. */
  async function copyOfOpenLedger(): Promise<{ path: string; ids: string[] }> {
    const source = join(folder, 'source.db');
    const ledger = await openSqliteLedger({ path: source });
    for (let call = 0; call < 20; call += 1) await spend(ledger, `call-${call}`, large, '0.01');
    const path = join(folder, 'ledger.db');
    copyFileSync(source, path);
    copyFileSync(`${source}-wal`, `${path}-wal`);
    const ids = await idsOf(ledger);
    await ledger.close();
    return { path, ids };
  }

  it('by cutting off its log has a beginning of what was written, whole, and is never empty', {
    timeout: 60_000,
  }, async () => {
    const { path, ids } = await copyOfOpenLedger();
    const copy = (name: string): string => {
      const to = join(folder, name);
      copyFileSync(path, to);
      copyFileSync(`${path}-wal`, `${to}-wal`);
      return to;
    };
    const { size } = statSync(`${path}-wal`);
    for (const part of [0, 0.1, 0.37, 0.5, 0.81, 0.999]) {
      const cut = copy(`cut-${part}.db`);
      truncateSync(`${cut}-wal`, Math.floor(size * part));
      const ledger = await openSqliteLedger({ path: cut, waitForDiskOn: 'here' });
      const left = await idsOf(ledger);
      expect(left.length).toBeGreaterThan(0);
      expect(left).toEqual(ids.slice(0, left.length));
      expect(await ledger.verify()).toMatchObject({ result: 'intact', findings: [] });
      await ledger.close();
    }
  });

  it('by flipped bytes is refused, or found damaged, or has lost nothing', { timeout: 120_000 }, async () => {
    const path = join(folder, 'ledger.db');
    const ledger = await openSqliteLedger({ path, waitForDiskOn: 'here' });
    for (let call = 0; call < 60; call += 1) {
      const attribution = { team: `team-${call % 5}`, sessionId: `s${call % 7}` };
      await hold(ledger, reserveRequest(`call-${call}`, [draw(large, '0.01')]));
      await ledger.settle({
        id: `call-${call}`,
        amounts: [decimal('0.01')],
        entry: settledEntry(`call-${call}`, costOf('0.01'), { attribution }),
      });
    }
    await ledger.record(refusedEntry('r'));
    const everything = async (from: DurableLedger) =>
      JSON.stringify([
        await from.entries({ pageSize: 1000 }),
        await from.sum({ by: ['team'] }),
        (await from.states([{ limit: large, bucket: '' }]))[0]?.settled,
      ]);
    const before = await everything(ledger);
    await ledger.close();
    const whole = readFileSync(path);
    const outcomes = { refused: 0, damaged: 0, unharmed: 0 };
    for (let round = 0; round < 250; round += 1) {
      const bytes = Buffer.from(whole);
      const at = Math.floor(((round + 0.5) / 250) * bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << (round % 8));
      const damaged = join(folder, 'damaged.db');
      rmSync(`${damaged}-wal`, { force: true });
      writeFileSync(damaged, bytes);
      const outcome = await outcomeOf(damaged, everything, before);
      expect(`byte ${at}: ${outcome}`).not.toContain('unnoticed');
      if (outcome !== 'unnoticed') outcomes[outcome] += 1;
    }
    expect(outcomes.damaged + outcomes.refused).toBeGreaterThan(50);
  });
});

async function outcomeOf(
  path: string,
  everything: (ledger: DurableLedger) => Promise<string>,
  before: string,
): Promise<'refused' | 'damaged' | 'unharmed' | 'unnoticed'> {
  let ledger: DurableLedger | undefined;
  try {
    ledger = await openSqliteLedger({ path, waitForDiskOn: 'here' });
    const { result }: VerifyResult = await ledger.verify();
    if (result === 'damaged') return 'damaged';
    return (await everything(ledger)) === before ? 'unharmed' : 'unnoticed';
  } catch {
    return 'refused';
  } finally {
    await ledger?.close().catch(() => {});
  }
}
