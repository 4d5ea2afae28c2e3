import type { Server } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import type { CallsUnderWay } from './calls-under-way.ts';

export interface DrainOptions {
  readonly server: Server;
  readonly calls: CallsUnderWay;
  /** How long it still takes calls after it said that it is not ready. */
  readonly drainDelayMs: number;
  /** How long calls under way may take after that. */
  readonly graceMs: number;
  /** Ends attempts that are still under way as if the provider had broken off. */
  readonly cut: (why: string) => void;
  /** Aborted when nobody wants to wait any longer. */
  readonly hurry: AbortSignal;
}

/** How long cut calls may take to tell their callers, before their connections are closed. */
const lastWordsMs = 5_000;

/**
 * Lets a server run dry: whoever balances load is given time to notice, then nobody is let in, then calls
 * under way finish. Those that outlast the grace end with an error in their own format. Resolves when every
 * call has its entry.
 */
export async function drain({
  server,
  calls,
  drainDelayMs,
  graceMs,
  cut,
  hurry,
}: DrainOptions): Promise<void> {
  await pause(drainDelayMs, hurry);
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  if (!(await within(closed, graceMs, hurry))) {
    cut('The proxy is stopping');
    if (!(await within(closed, lastWordsMs))) server.closeAllConnections();
  }
  await closed;
  await calls.idle();
}

async function within(done: Promise<void>, ms: number, hurry?: AbortSignal): Promise<boolean> {
  const waiting = new AbortController();
  const signal = hurry === undefined ? waiting.signal : AbortSignal.any([waiting.signal, hurry]);
  const first = await Promise.race([done.then(() => true), pause(ms, signal).then(() => false)]);
  waiting.abort();
  return first;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return wait(ms, undefined, { signal }).catch(() => {});
}
