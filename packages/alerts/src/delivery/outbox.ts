import type { Alert } from '../alert.ts';
import type { AlertMessage } from './message.ts';

/** That somebody has to be told of a change. */
export interface Notice {
  /** Told once: another notice with the same id is dropped. */
  readonly id: string;
  readonly channel: string;
  readonly group: string;
  readonly alert: Alert;
  /** When its group has waited long enough, in milliseconds since 1970. */
  readonly dueMs: number;
  /** Until when its id is remembered. */
  readonly forgetMs: number;
}

/** A message on its way to one channel. */
export interface Delivery {
  readonly channel: string;
  readonly message: AlertMessage;
  /** Tries so far. */
  readonly attempts: number;
  readonly state: 'pending' | 'dead';
  /** Milliseconds since 1970: not to be tried before. */
  readonly nextMs: number;
  readonly createdMs: number;
  readonly lastError?: string;
}

/** An alert that was firing, and its group. */
export interface FiringAlert {
  readonly group: string;
  readonly alert: Alert;
}

export interface AddResult {
  readonly added: number;
  readonly duplicates: number;
  /** There was no room. */
  readonly dropped: number;
}

/** What {@link Outbox.form} asks for, with the notices of one group. */
export type MakeMessage = (group: string, alerts: readonly Alert[], lasting: boolean) => AlertMessage;

/**
 * Where messages wait until they have arrived. Everything here is done when the call returns: what a durable
 * outbox has taken is there after a crash. Messages of one channel and group are delivered one after the other.
 */
export interface Outbox {
  readonly durable: boolean;
  /** Takes notices, and keeps which alerts are firing, all of it or nothing. */
  add(notices: readonly Notice[], alerts: readonly FiringAlert[], nowMs: number): AddResult;
  /** Makes messages of the notices whose groups have waited long enough and have no message under way. */
  form(nowMs: number, make: MakeMessage): void;
  /** The oldest message of each channel and group, where it may be tried now; the longest waiting first. */
  due(nowMs: number, limit: number): readonly Delivery[];
  /** It arrived. */
  done(id: string): void;
  /** It did not arrive, and is tried again. */
  retry(id: string, nextMs: number, error: string): void;
  /** It is given up, until somebody sends it again. */
  bury(id: string, error: string): void;
  /** Messages that were given up, the oldest first. */
  dead(): readonly Delivery[];
  /** Tries a message again that was given up. @returns whether there is one with that id */
  resend(id: string, nowMs: number): boolean;
  /** What was firing when the process before this one ended. */
  firing(): readonly FiringAlert[];
  counts(): OutboxCounts;
  close(): void;
}

export interface OutboxCounts {
  /** Notices that are not in a message yet. */
  readonly waiting: number;
  readonly pending: number;
  readonly dead: number;
}

/** How much an outbox holds. */
export interface OutboxBounds {
  /** Notices and messages under way at most; what comes then is dropped and counted. @default 10_000 */
  readonly capacity?: number;
  /** Of the messages that were given up, the newest so many are kept. @default 1_000 */
  readonly maxDead?: number;
}

export const usualBounds = { capacity: 10_000, maxDead: 1_000 } as const satisfies OutboxBounds;
