import { type ChildProcess, fork } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { LedgerEntry } from '@genops/core';
import type { Ledger } from '@genops/ledger';
import type { TestServer } from '@genops/ledger/testing/servers';
import { budget } from '../src/testing/samples.ts';
import { callUntilTheEnd } from './crash-caller.ts';

/** What a crash loop found. Everything but `cycles` and `acknowledged` should be nothing. */
export interface CrashReport {
  readonly cycles: number;
  /** Answers that callers had got. */
  readonly acknowledged: number;
  /** Ends that were acknowledged and are not in the ledger. */
  readonly lost: readonly string[];
  /** Holds that were acknowledged, never ended, and have not expired into an entry. */
  readonly vanished: readonly string[];
  /** What stays held after every hold has run out. */
  readonly stillHeld: readonly string[];
  readonly damage: readonly string[];
}

const writer = fileURLToPath(new URL('./crash-writer.ts', import.meta.url));

/** Starts the writing process and kills it at a random moment, again and again. */
export async function crashWriters(
  store: string,
  where: string,
  notes: string,
  cycles: number,
): Promise<void> {
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    const child = fork(writer, [store, where, notes, `r${Date.now()}-${cycle}`], {
      execArgv: ['--conditions=@genops/source', '--no-warnings'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    let said = '';
    child.stderr?.on('data', (bytes) => {
      said += String(bytes);
    });
    await new Promise<void>((resolve, reject) => {
      child.once('message', () => resolve());
      child.once('exit', (code) => reject(new Error(`The writer ended by itself (${code}): ${said}`)));
    });
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 60));
    await kill(child);
    if (said !== '') throw new Error(said);
  }
}

/** Kills a server under callers that go on meanwhile, again and again. What it keeps over that is its own affair. */
export async function crashServer(
  server: TestServer,
  ledger: Ledger,
  notes: string,
  cycles: number,
): Promise<void> {
  let goesOn = true;
  const calling = callUntilTheEnd({
    ledger,
    round: `s${Date.now()}`,
    note: (line) => appendFileSync(notes, `${line}\n`),
    goesOn: () => goesOn,
  });
  const broken = calling.then(
    () => undefined,
    (error: unknown) => error,
  );
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50 + Math.random() * 150));
    await server.kill();
    await server.restart();
  }
  goesOn = false;
  const error = await broken;
  if (error !== undefined) throw error;
}

function kill(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.removeAllListeners('exit');
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}

/** Compares what the killed processes were told with what the ledger has, after all holds have run out. */
export async function reportCrashes(ledger: Ledger, notes: string, cycles: number): Promise<CrashReport> {
  await ledger.expire();
  const entries = new Map<string, LedgerEntry>();
  for (let cursor: string | undefined, more = true; more; ) {
    const page = await ledger.entries({ pageSize: 10_000, ...(cursor !== undefined && { cursor }) });
    for (const entry of page.entries) entries.set(entry.id, entry);
    cursor = page.nextCursor;
    more = cursor !== undefined;
  }
  const lines = existsSync(notes) ? readFileSync(notes, 'utf8').trim().split('\n') : [];
  const told = lines.map((line) => line.split(' ')).map(([what = '', id = '']) => ({ what, id }));
  const { findings } = await ledger.verify();
  const states = await ledger.states([
    { limit: budget({ id: 'team' }), bucket: '' },
    { limit: budget({ id: 'company', window: { kind: 'lifetime' } }), bucket: '' },
  ]);
  return {
    cycles,
    acknowledged: told.length,
    lost: told
      .filter(({ what, id }) => what !== 'held' && entries.get(id)?.kind !== what)
      .map(({ id }) => id),
    vanished: told.filter(({ what, id }) => what === 'held' && !entries.has(id)).map(({ id }) => id),
    stillHeld: states.filter(({ held }) => held !== '0').map(({ limitId, held }) => `${limitId}: ${held}`),
    damage: findings,
  };
}
