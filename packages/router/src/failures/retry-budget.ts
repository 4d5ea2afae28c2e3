/** What may be spent on trying again. Answers pay for retries, so that a dead provider is not hammered. */
export interface RetryBudget {
  /** Takes one retry out. @returns false when there is none */
  take(): boolean;
  /** An answer came. */
  answered(): void;
  readonly balance: number;
}

export interface RetryBudgetOptions {
  /** Retries that each answer pays for. @default 0.2 */
  readonly perAnswer?: number;
  /** Retries there are at the start, and the most that can be saved up. @default 10 */
  readonly reserve?: number;
}

/**
 * Attempts never exceed calls by more than `perAnswer` for each answer, and `reserve` once. With nothing
 * but failures they are `calls + reserve`, however long it lasts.
 */
export function createRetryBudget({ perAnswer = 0.2, reserve = 10 }: RetryBudgetOptions = {}): RetryBudget {
  let balance = reserve;
  return {
    take() {
      if (balance < 1) return false;
      balance -= 1;
      return true;
    },
    answered() {
      balance = Math.min(reserve, balance + perAnswer);
    },
    get balance() {
      return balance;
    },
  };
}
