import type { Failure, Headers } from '../failures/failure.ts';
import type { PlannedRoute } from '../plan.ts';
import type { QuotaNeed } from '../quota/quota.ts';

/** Why there is an attempt. */
export type AttemptKind = 'first' | 'retry' | 'fallback' | 'hedge';

/** What an attempt is given. */
export interface AttemptContext {
  /** 1 for the first of the operation. */
  readonly number: number;
  readonly kind: AttemptKind;
  readonly route: PlannedRoute;
  /** The key's material; absent where the caller's own credentials go out. */
  readonly secret?: () => string;
  /** How long to wait for the first byte of an answer. */
  readonly firstByteMs: number;
  /** How long the whole attempt may take. */
  readonly remainingMs: number;
  /** Aborted when another attempt answered first, or the caller went away. */
  readonly signal: AbortSignal;
  /**
   * To be asked before the first byte goes to the caller. From then on nothing else is tried.
   *
   * @returns false when another attempt was first: this one must not pass anything on
   */
  claim(): boolean;
}

/** How an attempt went. `Answer` is whatever the caller of the loop wants back. */
export type AttemptEnd<Answer> =
  | {
      readonly result: 'succeeded';
      readonly answer: Answer;
      readonly headers: Headers;
      readonly timeToFirstTokenMs?: number;
      readonly used?: QuotaNeed;
    }
  | { readonly result: 'failed'; readonly answer: Answer; readonly failure: Failure }
  /** The caller went away, or another attempt answered first. */
  | { readonly result: 'cancelled'; readonly answer: Answer }
  /** It was not made: something outside of the route did not allow it. Nothing else is tried. */
  | { readonly result: 'refused'; readonly answer: Answer };

export type AttemptOnce<Answer> = (context: AttemptContext) => Promise<AttemptEnd<Answer>>;

/** What is remembered of an attempt. */
export interface AttemptRecord {
  readonly number: number;
  readonly kind: AttemptKind;
  readonly targetId: string;
  readonly keyId?: string;
  readonly result: AttemptEnd<unknown>['result'];
  /** Id of the error class, with `failed`. */
  readonly errorClass?: string;
  /** An instant. */
  readonly startedAt: string;
  readonly durationMs: number;
  /** Waited before it. */
  readonly waitedMs: number;
}
