import { type Money, money } from '@genops/core';

/** A call through Helicone that brought no answer. */
export class HeliconeError extends Error {
  readonly code: 'helicone_error' | 'provider_error' | 'budget_exceeded' = 'helicone_error';
  readonly errorMessage: string;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.errorMessage = message;
  }
}

/** The providers asked, all of them, brought no answer; `provider` is the last. */
export class ProviderError extends HeliconeError {
  override readonly code = 'provider_error';
  readonly provider: string;
  /** Absent when there was no answer at all. */
  readonly status: number | undefined;

  constructor(provider: string, status: number | undefined, message: string, options?: ErrorOptions) {
    super(`${provider}: ${message}`, options);
    this.provider = provider;
    this.status = status;
  }
}

/** A budget has no room for the call; nothing was sent. */
export class BudgetExceededError extends HeliconeError {
  override readonly code = 'budget_exceeded';
  readonly limitId: string;
  /** Spent and held. */
  readonly currentUsage: Money;
  readonly budgetLimit: Money;
  /** An instant; absent where waiting does not help. */
  readonly resetsAt: string | undefined;

  constructor(message: string, limit: RefusedLimit, options?: ErrorOptions) {
    super(message, options);
    const currency = limit.currency ?? 'USD';
    this.limitId = limit.id;
    this.currentUsage = money(money(limit.spent).amount.plus(money(limit.held).amount), currency);
    this.budgetLimit = money(limit.amount, currency);
    this.resetsAt = limit.resets_at;
  }
}

/** The limit that bound, as a refusal writes it. */
interface RefusedLimit {
  readonly id: string;
  readonly amount: string;
  readonly spent: string;
  readonly held: string;
  readonly currency?: string;
  readonly resets_at?: string;
}

/** What the official client throws, as far as it is read here. */
interface ClientError {
  readonly message?: string;
  readonly status?: number;
  readonly code?: string | null;
  readonly error?: { readonly limit?: RefusedLimit };
}

/** The error of the official client in the words of this package; the original is its `cause`. */
export function heliconeError(provider: string, cause: unknown): HeliconeError {
  const { message = String(cause), status, code, error } = cause as ClientError;
  if (code === 'budget_exceeded' && error?.limit !== undefined) {
    return new BudgetExceededError(message, error.limit, { cause });
  }
  if (isOutOfCredits(cause)) {
    return new HeliconeError(`Helicone has no credits left: ${message}`, { cause });
  }
  return new ProviderError(provider, status, message, { cause });
}

/** Helicone says 429 when its wallet is empty; no other provider behind it could help. */
export function isOutOfCredits(error: unknown): boolean {
  const { status, message } = error as ClientError;
  return status === 429 && /insufficient credits/i.test(message ?? '');
}
