import type { Finding } from './problems.ts';

export type CheckStatus = 'passed' | 'warning' | 'failed' | 'skipped';

/** One check that was run, or could not be. */
export interface CheckResult {
  /** Such as `key`, `endpoint`, `budgets`. */
  readonly check: string;
  /** The provider that it is about, where it is about one. */
  readonly provider?: string;
  readonly status: CheckStatus;
  /** What was seen, or why nothing was looked at. */
  readonly message: string;
  readonly findings: readonly Finding[];
}

/** All that was found out about a setup, seen from every side that people ask from. */
export interface ValidationResult {
  /** No finding is an error. */
  readonly isValid: boolean;
  readonly checks: readonly CheckResult[];
  /** All findings, those that matter most first. */
  readonly issues: readonly Finding[];
  readonly summary: {
    readonly passed: number;
    readonly warnings: number;
    readonly failed: number;
    readonly skipped: number;
    /** One sentence. */
    readonly text: string;
  };
  readonly errors: readonly Finding[];
  readonly warnings: readonly Finding[];
  /** What to do, most urgent first, each once. */
  readonly recommendations: readonly string[];
  /** The status of every check by its name: `key (openai)`. */
  readonly statuses: Readonly<Record<string, CheckStatus>>;
}

/** What a check saw: its status is that of the worst finding. */
export function checked(
  check: string,
  message: string,
  findings: readonly Finding[] = [],
  provider?: string,
): CheckResult {
  const status = findings.some(({ severity }) => severity === 'error')
    ? 'failed'
    : findings.some(({ severity }) => severity === 'warning')
      ? 'warning'
      : 'passed';
  return { check, status, message, findings, ...(provider !== undefined && { provider }) };
}

/** A check that had nothing to look at. */
export function skipped(check: string, reason: string, provider?: string): CheckResult {
  return {
    check,
    status: 'skipped',
    message: reason,
    findings: [],
    ...(provider !== undefined && { provider }),
  };
}

const rank = { error: 0, warning: 1, info: 2 } as const;

export function validationResult(checks: readonly CheckResult[]): ValidationResult {
  const issues = checks
    .flatMap(({ findings }) => findings)
    .toSorted((left, right) => rank[left.severity] - rank[right.severity]);
  const count = (status: CheckStatus): number => checks.filter((one) => one.status === status).length;
  const counts = {
    passed: count('passed'),
    warnings: count('warning'),
    failed: count('failed'),
    skipped: count('skipped'),
  };
  const isValid = counts.failed === 0;
  return {
    isValid,
    checks,
    issues,
    summary: {
      ...counts,
      text: `${isValid ? 'Ready' : 'Not ready'}: ${counts.passed} passed, ${counts.warnings} with warnings, ${counts.failed} failed, ${counts.skipped} skipped`,
    },
    errors: issues.filter(({ severity }) => severity === 'error'),
    warnings: issues.filter(({ severity }) => severity === 'warning'),
    recommendations: [...new Set(issues.map(({ fix, subject }) => `${subject}: ${fix}`))],
    statuses: Object.fromEntries(checks.map((one) => [nameOf(one), one.status])),
  };
}

/** `key (openai)`. */
export function nameOf({ check, provider }: CheckResult): string {
  return provider === undefined ? check : `${check} (${provider})`;
}
