import { GenOpsError } from '@genops/core';

/**
 * The store did not answer, or did not say whether it did what was asked. Nothing can be counted on; the
 * same operation may be sent again with the same id.
 */
export class LedgerUnavailableError extends GenOpsError {
  /** Such as `sqlite`. */
  readonly driver: string;

  constructor(driver: string, message: string, options?: ErrorOptions) {
    super('ledger_unavailable', `The ${driver} ledger is not available: ${message}`, options);
    this.driver = driver;
  }
}

/** What is stored is not what was written: damaged, truncated, tampered with, or of a newer version. */
export class LedgerCorruptError extends GenOpsError {
  readonly driver: string;

  constructor(driver: string, message: string, options?: ErrorOptions) {
    super('ledger_corrupt', `The ${driver} ledger cannot be used: ${message}`, options);
    this.driver = driver;
  }
}
