import { GenOpsError } from '@genops/core';
import type { AlertMessage } from '../delivery/message.ts';
import type { Severity } from '../rules/schema.ts';

/** Somewhere that people are told. */
export interface Channel {
  /** What rules and the outbox call it. */
  readonly id: string;
  /** Less grave alerts are not sent here. @default 'info' */
  readonly minimumSeverity?: Severity;
  /**
   * Sends a message once.
   *
   * @throws {DeliveryError} that says whether trying again can help; any other error means that it can
   */
  send(message: AlertMessage, attempt: DeliveryAttempt): Promise<void>;
}

export interface DeliveryAttempt {
  readonly signal: AbortSignal;
  /** When this try is made. */
  readonly at: Date;
}

/** A message did not arrive. Never has a secret in it. */
export class DeliveryError extends GenOpsError {
  /** Trying again cannot help. */
  readonly permanent: boolean;
  /** How long the receiver asked us to wait. */
  readonly retryAfterMs: number | undefined;

  constructor(
    message: string,
    { permanent, retryAfterMs, cause }: { permanent: boolean; retryAfterMs?: number; cause?: unknown },
  ) {
    super('delivery_failed', message, cause === undefined ? undefined : { cause });
    this.permanent = permanent;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Something that must not be written down: the text itself, or where to get it when it is needed. */
export type Secret = string | (() => string);

export function reveal(secret: Secret): string {
  return typeof secret === 'string' ? secret : secret();
}
