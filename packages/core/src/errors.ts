/** Every `code` an error or a refusal of this project can carry. */
export type ErrorCode =
  | 'invalid_money'
  | 'currency_mismatch'
  | 'invalid_usage'
  | 'invalid_attribution'
  | 'invalid_configuration'
  | 'invalid_request'
  | 'ledger_conflict'
  | 'ledger_unavailable'
  | 'ledger_corrupt'
  | 'provider_unavailable'
  | 'delivery_failed';

const mark: unique symbol = Symbol.for('@genops/error') as never;

/**
 * The one base of all errors thrown here: broken configuration and broken infrastructure. Expected
 * outcomes (a refusal, a shortfall, an unpriced model) are values, never errors.
 */
export class GenOpsError extends Error {
  readonly [mark] = true;
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** A price, amount or rate that is not an exact decimal. */
export class MoneyError extends GenOpsError {
  constructor(message: string) {
    super('invalid_money', message);
  }
}

/** Two currencies met where only one can be. */
export class CurrencyMismatchError extends GenOpsError {
  readonly left: string;
  readonly right: string;

  constructor(left: string, right: string) {
    super('currency_mismatch', `Cannot combine ${left} with ${right}: convert first, at a dated rate`);
    this.left = left;
    this.right = right;
  }
}

/** A counter that cannot be: negative, fractional, not a number, or a part above its whole. */
export class UsageError extends GenOpsError {
  /** The counter at fault, as it is named in `Usage` or in the provider's answer. */
  readonly counter: string;
  readonly value: unknown;

  constructor(counter: string, value: unknown, expectation: string) {
    super('invalid_usage', `Usage counter "${counter}" is ${describe(value)}; expected ${expectation}`);
    this.counter = counter;
    this.value = value;
  }
}

/** Something a person wrote (options, files, attributes) is not of the form it must have. */
export class ConfigurationError extends GenOpsError {
  /** Where it stands, such as `budgets[0].amount`. */
  readonly path: string;
  readonly expectation: string;

  constructor(path: string, expectation: string, options?: ErrorOptions) {
    super('invalid_configuration', `${path}: ${expectation}`, options);
    this.path = path;
    this.expectation = expectation;
  }
}

/** A request that no provider could serve: not JSON, wrong types, too large. */
export class InvalidRequestError extends GenOpsError {
  /** The parameter at fault, when there is one. */
  readonly parameter: string | undefined;

  constructor(message: string, parameter?: string) {
    super('invalid_request', message);
    this.parameter = parameter;
  }
}

/** True for errors of this project, also across copies of the package. */
export function isGenOpsError(value: unknown): value is GenOpsError {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[mark] === true;
}

/** What an error with a code is known to carry. */
interface ErrorsByCode {
  readonly invalid_money: MoneyError;
  readonly currency_mismatch: CurrencyMismatchError;
  readonly invalid_usage: UsageError;
  readonly invalid_configuration: ConfigurationError;
  readonly invalid_request: InvalidRequestError;
}

/** True for an error of this project with that code; its fields are known then. */
export function hasErrorCode<Code extends ErrorCode>(
  value: unknown,
  code: Code,
): value is Code extends keyof ErrorsByCode ? ErrorsByCode[Code] : GenOpsError & { readonly code: Code } {
  return isGenOpsError(value) && value.code === code;
}

/** A value as a message shows it: short, quoted when it is text, never a dump. */
export function describe(value: unknown): string {
  if (typeof value === 'string')
    return JSON.stringify(value.length > 80 ? `${value.slice(0, 77)}...` : value);
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  return String(value);
}

/**
 * Refuses a word that is none of those known; nothing at all is none of its business.
 *
 * @throws {ConfigurationError} naming the words
 */
export function checkOneOf(path: string, value: unknown, words: readonly string[]): void {
  if (value === undefined || words.some((word) => word === value)) return;
  throw new ConfigurationError(path, `expected ${words.join(' or ')}, got ${describe(value)}`);
}
