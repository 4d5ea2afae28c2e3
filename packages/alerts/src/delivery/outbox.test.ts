import { spawn } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { alertNamed } from '../../test/named.ts';
import { createMemoryOutbox } from './memory-outbox.ts';
import { formMessage } from './message.ts';
import type { MakeMessage, Notice, Outbox, OutboxBounds } from './outbox.ts';
import { openSqliteOutbox } from './sqlite-outbox.ts';

const start = Date.parse('2026-11-30T08:00:00Z');
let outbox: Outbox;
let made = 0;

afterEach(() => outbox.close());

const make: MakeMessage = (group, alerts, lasting) => {
  made += 1;
  return formMessage({ id: `msg_${made}`, group, source: 'test', nowMs: start }, alerts, lasting);
};

function notice(name: string, changes: Partial<Notice> = {}): Notice {
  const alert = changes.alert ?? alertNamed(name);
  return {
    id: `${changes.channel ?? 'ops'} ${name} ${alert.status}`,
    channel: 'ops',
    group: 'group',
    alert,
    dueMs: start,
    forgetMs: start + 60_000,
    ...changes,
  };
}

const names = (all: ReturnType<Outbox['due']>): string[][] =>
  all.map(({ message }) => message.alerts.map(({ key }) => key));

describe.each<[string, (bounds?: OutboxBounds) => Promise<Outbox>]>([
  ['createMemoryOutbox', async (bounds) => createMemoryOutbox(bounds)],
  [
    'openSqliteOutbox',
    async (bounds) =>
      openSqliteOutbox({
        path: join(await mkdtemp(join(tmpdir(), 'genops-outbox-')), 'alerts.db'),
        ...bounds,
      }),
  ],
])('%s', (_name, open) => {
  it('makes one message of all that a group gathers until it has waited long enough', async () => {
    outbox = await open();
    outbox.add([notice('a', { dueMs: start + 10_000 })], [], start);
    outbox.add([notice('b', { dueMs: start + 15_000 }), notice('c', { group: 'other' })], [], start);
    outbox.form(start, make);
    expect(names(outbox.due(start, 10))).toEqual([['c']]);
    outbox.form(start + 9_999, make);
    expect(outbox.counts()).toEqual({ waiting: 2, pending: 1, dead: 0 });
    outbox.form(start + 10_000, make);
    expect(names(outbox.due(start + 10_000, 10))).toEqual([['c'], ['a', 'b']]);
  });

  it('tells once what has the same id, until that is forgotten', async () => {
    outbox = await open();
    expect(outbox.add([notice('a'), notice('a')], [], start)).toEqual({
      added: 1,
      duplicates: 1,
      dropped: 0,
    });
    outbox.form(start, make);
    outbox.done(outbox.due(start, 1)[0]?.message.id ?? '');
    expect(outbox.add([notice('a')], [], start + 59_999)).toMatchObject({ duplicates: 1 });
    expect(outbox.add([notice('a')], [], start + 60_000)).toMatchObject({ added: 1 });
  });

  it('delivers the messages of a channel and group in order, and other groups meanwhile', async () => {
    outbox = await open();
    outbox.add([notice('a'), notice('x', { group: 'other' }), notice('y', { channel: 'mail' })], [], start);
    outbox.form(start, make);
    outbox.add([notice('b')], [], start);
    outbox.form(start, make);
    expect(names(outbox.due(start, 10))).toEqual([['a'], ['x'], ['y']]);
    const [first] = outbox.due(start, 10);
    outbox.retry(first?.message.id ?? '', start + 1_000, 'down');
    expect(names(outbox.due(start, 10))).toEqual([['x'], ['y']]);
    const [again] = outbox.due(start + 1_000, 10).filter(({ message }) => message.id === first?.message.id);
    expect(again).toMatchObject({ attempts: 1, lastError: 'down', message: first?.message });
    outbox.done(first?.message.id ?? '');
    outbox.form(start + 1_000, make);
    expect(names(outbox.due(start + 1_000, 10))).toEqual([['x'], ['y'], ['b']]);
  });

  it('says that a group is resolved only when none of its alerts is firing any more', async () => {
    outbox = await open();
    const [a, b] = [alertNamed('a'), alertNamed('b')];
    const over = { ...a, status: 'resolved' as const };
    outbox.add(
      [],
      [
        { group: 'group', alert: a },
        { group: 'group', alert: b },
      ],
      start,
    );
    outbox.add([notice('a', { alert: over })], [{ group: 'group', alert: over }], start);
    outbox.form(start, make);
    expect(outbox.due(start, 1)[0]?.message.status).toBe('firing');
    expect(outbox.firing().map(({ alert }) => alert.key)).toEqual(['b']);
    outbox.done(outbox.due(start, 1)[0]?.message.id ?? '');
    const end = { ...b, status: 'resolved' as const };
    outbox.add([notice('b', { alert: end })], [{ group: 'group', alert: end }], start);
    outbox.form(start, make);
    expect(outbox.due(start, 1)[0]?.message.status).toBe('resolved');
  });

  it('keeps what was given up, lists it, and sends it again when asked', async () => {
    outbox = await open();
    outbox.add([notice('a')], [], start);
    outbox.form(start, make);
    const id = outbox.due(start, 1)[0]?.message.id ?? '';
    outbox.bury(id, 'gone');
    expect(outbox.due(start + 1e9, 10)).toEqual([]);
    expect(outbox.dead()).toMatchObject([{ channel: 'ops', attempts: 1, lastError: 'gone', state: 'dead' }]);
    expect([outbox.resend('nobody', start), outbox.resend(id, start), outbox.resend(id, start)]).toEqual([
      false,
      true,
      false,
    ]);
    expect(outbox.due(start, 1)).toMatchObject([{ attempts: 0, message: { id } }]);
  });

  it('is bounded: it says what it had no room for, and keeps the newest that were given up', async () => {
    outbox = await open({ capacity: 3, maxDead: 5 });
    const all = ['a', 'b', 'c', 'd', 'e'].map((name) => notice(name));
    expect(outbox.add(all, [], start)).toEqual({ added: 3, duplicates: 0, dropped: 2 });
    outbox.form(start, make);
    expect(outbox.add([notice('d')], [], start)).toMatchObject({ added: 1 });
    for (let one = 0; one < 9; one += 1) {
      outbox.add([notice(`n${one}`, { group: `g${one}` })], [], start);
      outbox.form(start, make);
      for (const { message } of outbox.due(start, 10)) outbox.bury(message.id, String(one));
    }
    expect(outbox.counts().dead).toBe(5);
    expect(outbox.dead().at(-1)?.lastError).toBe('8');
  });
});

describe('openSqliteOutbox', () => {
  it('has after a reopening what it had before: notices, messages, tries, ids and what is firing', async () => {
    const path = join(await mkdtemp(join(tmpdir(), 'genops-outbox-')), 'alerts.db');
    outbox = openSqliteOutbox({ path });
    outbox.add(
      [notice('a'), notice('b', { group: 'later', dueMs: start + 1 })],
      [{ group: 'group', alert: alertNamed('a') }],
      start,
    );
    outbox.form(start, make);
    const [before] = outbox.due(start, 1);
    outbox.retry(before?.message.id ?? '', start, 'down');
    outbox.close();
    outbox = openSqliteOutbox({ path });
    expect(outbox.counts()).toEqual({ waiting: 1, pending: 1, dead: 0 });
    expect(outbox.due(start, 1)).toEqual([{ ...before, attempts: 1, lastError: 'down' }]);
    expect(outbox.firing()).toEqual([{ group: 'group', alert: alertNamed('a') }]);
    expect(outbox.add([notice('a')], [], start)).toMatchObject({ duplicates: 1 });
  });

  it('is delivered from by one process, beside which others may look and send again', async () => {
    const path = join(await mkdtemp(join(tmpdir(), 'genops-outbox-')), 'alerts.db');
    expect(() => openSqliteOutbox({ path, use: 'operate' })).toThrow('there is no outbox');
    outbox = openSqliteOutbox({ path });
    expect(() => openSqliteOutbox({ path })).toThrow('another process delivers from this outbox');
    outbox.add([notice('a')], [], start);
    outbox.form(start, make);
    outbox.bury(outbox.due(start, 1)[0]?.message.id ?? '', 'gone');
    const beside = openSqliteOutbox({ path, use: 'operate' });
    expect(beside.resend(beside.dead()[0]?.message.id ?? '', start)).toBe(true);
    beside.close();
    expect(names(outbox.due(start, 1))).toEqual([['a']]);
  });

  it('refuses a file that is something else, and changes nothing in it', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'genops-outbox-'));
    await writeFile(
      join(directory, 'text.db'),
      'This is no database, and longer than a header of one must be. '.repeat(20),
    );
    expect(() => openSqliteOutbox({ path: join(directory, 'text.db') })).toThrow('expected an outbox');
    const other = new DatabaseSync(join(directory, 'other.db'));
    other.exec('PRAGMA user_version = 7');
    other.close();
    expect(() => openSqliteOutbox({ path: join(directory, 'other.db') })).toThrow('of version 1, got 7');
    outbox = createMemoryOutbox();
  });

  it('loses nothing that it took when the process is killed', { timeout: 120_000 }, async () => {
    const path = join(await mkdtemp(join(tmpdir(), 'genops-outbox-')), 'alerts.db');
    const program = fileURLToPath(new URL('../../test/adds-until-killed.ts', import.meta.url));
    const taken = new Set<string>();
    for (let round = 0; round < 5; round += 1) {
      const child = spawn(process.execPath, [
        '--conditions=@genops/source',
        '--no-warnings',
        program,
        path,
        String(round),
      ]);
      let said = '';
      child.stdout.on('data', (chunk: Buffer) => {
        said += chunk;
        // Killed in the middle of its work, somewhere else each time.
        if (said.split('\n').length > 20 + round * 17) child.kill('SIGKILL');
      });
      const [code, signal] = await new Promise<[number | null, string | null]>((resolve) =>
        child.on('close', (...end) => resolve(end as [number | null, string | null])),
      );
      expect([code, signal]).toEqual([null, 'SIGKILL']);
      for (const line of said.split('\n').slice(0, -1)) taken.add(line);
    }
    outbox = openSqliteOutbox({ path });
    const found = new Set<string>();
    for (;;) {
      outbox.form(start, make);
      const due = outbox.due(start, 1_000);
      if (due.length === 0) break;
      for (const { message } of due) {
        for (const { key } of message.alerts) found.add(key);
        outbox.done(message.id);
      }
    }
    expect(taken.size).toBeGreaterThan(100);
    expect([...taken].filter((key) => !found.has(key))).toEqual([]);
  });
});
