import type { SessionReport } from '@genops/core';
import type { SkyRouterSession } from './session.ts';

/** What the adapter holds on to. JavaScript cannot weigh one object, so sessions are counted and dated. */
export interface MemoryUsage {
  /** Of the whole process, in bytes. */
  readonly heapUsedBytes: number;
  /** Reports of closed sessions that are kept. */
  readonly closedSessions: number;
  /** The one that did nothing for the longest time comes first. */
  readonly activeSessions: readonly SessionMemory[];
}

export interface SessionMemory {
  readonly id: string;
  readonly name: string;
  readonly operations: number;
  /** Operations that have not ended yet. */
  readonly underWay: number;
  /** Since the last operation began or ended; 0 while one is under way. */
  readonly idleSeconds: number;
  /** Steps that its report lists; what there are more is counted and not kept. */
  readonly stepsKept: number;
  /** Closes the session once its calls are settled. What it came to stays booked. */
  forceCleanup(): Promise<SessionReport>;
}

export interface MemoryManagementOptions {
  /** Sessions that did nothing for so long are closed. */
  readonly maxIdleSeconds: number;
  /** How often it is looked. @default 60 */
  readonly everySeconds?: number;
  /** Hears of each session that was closed. */
  readonly onClosed?: (report: SessionReport) => void;
}

export function memoryUsage(active: Iterable<SkyRouterSession>, closedSessions: number): MemoryUsage {
  const sessions = [...active].map((session): SessionMemory => {
    const { id, name, operationCount: operations, underWay, idleSeconds } = session;
    const stepsKept = session.report().steps.length;
    return { id, name, operations, underWay, idleSeconds, stepsKept, forceCleanup: session.close };
  });
  return {
    heapUsedBytes: process.memoryUsage().heapUsed,
    closedSessions,
    activeSessions: sessions.sort((left, right) => right.idleSeconds - left.idleSeconds),
  };
}

/** Closes sessions that somebody forgot. @returns a function that ends it */
export function closeIdleSessions(
  active: ReadonlySet<SkyRouterSession>,
  { maxIdleSeconds, everySeconds = 60, onClosed }: MemoryManagementOptions,
): () => void {
  if (!(maxIdleSeconds >= 0)) throw new RangeError('maxIdleSeconds: expected zero or more');
  const timer = setInterval(() => {
    for (const session of [...active]) {
      if (session.underWay === 0 && session.idleSeconds >= maxIdleSeconds)
        void session
          .close()
          .then(onClosed)
          .catch((error) => process.emitWarning(String(error), { code: 'GENOPS' }));
    }
  }, everySeconds * 1000);
  timer.unref();
  return () => clearInterval(timer);
}
