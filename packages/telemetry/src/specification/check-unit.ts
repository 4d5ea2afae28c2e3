import { requiredAttributes, specificationVersion } from '../spans/span-attributes.ts';

/** What is looked at: a span of any SDK has it. */
export interface UnitSpan {
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly events: readonly {
    readonly name: string;
    readonly attributes?: Readonly<Record<string, unknown>>;
  }[];
}

/** One thing about a unit that is not as the specification has it. */
export interface SpecificationFinding {
  /** `declared` is missing and says so itself; `violation` is wrong. */
  readonly severity: 'violation' | 'declared';
  /** Stable: `reason-code`, `event-order` … */
  readonly rule: string;
  readonly message: string;
}

const results = ['ALLOWED', 'WARNING', 'BLOCKED', 'RATE_LIMITED'];
const reasonCodes = new Set([
  'BUDGET_EXCEEDED',
  'BUDGET_RESERVATION_FAILED',
  'POLICY_DENY_MODEL',
  'POLICY_DENY_REGION',
  'POLICY_DENY_CONTENT',
  'RATE_LIMITED',
  'SLA_LATENCY_VIOLATION',
  'PROVIDER_ERROR_UPSTREAM',
  'ACCOUNTING_INVARIANT_VIOLATION',
]);
const placeholders = new Set(['', 'unknown', 'n/a', 'na', 'none', 'null', 'undefined', 'todo', 'tbd']);

const evaluated = 'genops.policy.evaluated';
const reservation = 'genops.budget.reservation';
const reconciliation = 'genops.budget.reconciliation';

/**
 * Checks one Accountable Work Unit against the GenOps Governance Specification v0.1.0.
 *
 * @returns what is wrong, and what is missing and declared in `genops.spec.missing`; empty when all is well
 */
export function checkUnit(span: UnitSpan): readonly SpecificationFinding[] {
  return [...checkAttributes(span), ...checkPolicy(span), ...checkEvents(span), ...checkAccounting(span)];
}

/** True when nothing is wrong. What is missing and declared does not count against it. */
export function isCompliant(span: UnitSpan): boolean {
  return checkUnit(span).every(({ severity }) => severity === 'declared');
}

/** Checks the units of one operation together: each attempt is a unit of its own. */
export function checkUnits(spans: readonly UnitSpan[]): readonly SpecificationFinding[] {
  const seen = new Set<string>();
  const twice = spans.flatMap(({ attributes }) => {
    const { 'genops.operation.id': id, 'genops.operation.attempt': attempt } = attributes;
    if (id === undefined) return [];
    const key = `${String(id)}.${String(attempt ?? 0)}`;
    const isTwice = seen.has(key);
    seen.add(key);
    return isTwice ? [violation('attempt', `the attempt ${key} has more than one unit`)] : [];
  });
  return [...spans.flatMap(checkUnit), ...twice];
}

function* checkAttributes({ attributes, events }: UnitSpan): Generator<SpecificationFinding> {
  const declared = attributes['genops.spec.missing'];
  const missing = new Set(Array.isArray(declared) ? declared.map(String) : []);
  const isBlocked = neverRan({ attributes, events });
  for (const name of requiredAttributes) {
    if (isBlocked && name.startsWith('genops.accounting.')) continue;
    if (attributes[name] === undefined) {
      yield missing.has(name)
        ? { severity: 'declared', rule: 'required-attribute', message: `${name} is missing, and says so` }
        : violation('required-attribute', `${name} is missing`);
    } else if (missing.has(name)) yield violation('declaration', `${name} is declared missing and is there`);
  }
  const version = attributes['genops.spec.version'];
  if (version !== undefined && version !== specificationVersion)
    yield violation('version', `genops.spec.version is ${String(version)}, not ${specificationVersion}`);
  const all = [attributes, ...events.map((event) => event.attributes ?? {})];
  for (const [name, value] of all.flatMap((one) => Object.entries(one))) {
    const isNothing = value === null || (typeof value === 'number' && Number.isNaN(value));
    const isPlaceholder = typeof value === 'string' && placeholders.has(value.trim().toLowerCase());
    // What a provider or a model is called, or an answer became, is theirs to name.
    const isOurs = name.startsWith('genops.') && name !== 'genops.outcome';
    if (isNothing || (isOurs && isPlaceholder)) yield violation('placeholder', `${name} says nothing`);
  }
}

function* checkPolicy({ attributes }: UnitSpan): Generator<SpecificationFinding> {
  const result = attributes['genops.policy.result'];
  const reason = attributes['genops.policy.reason_code'];
  if (result === undefined) return;
  if (!results.includes(String(result)))
    yield violation('policy-result', `genops.policy.result is ${String(result)}`);
  if (result === 'ALLOWED' && reason !== undefined)
    yield violation('reason-code', `allowed, and yet there is the reason code ${String(reason)}`);
  if (result !== 'ALLOWED' && reason === undefined)
    yield violation('reason-code', `${String(result)} without a reason code`);
  if (reason !== undefined && !reasonCodes.has(String(reason)) && !/^x_[a-z0-9_]+$/.test(String(reason)))
    yield violation('reason-code', `${String(reason)} is no reason code`);
}

function* checkEvents({ attributes, events }: UnitSpan): Generator<SpecificationFinding> {
  const names = events.map(({ name }) => name);
  for (const name of [evaluated, reservation, reconciliation]) {
    if (names.filter((one) => one === name).length > 1)
      yield violation('event-twice', `${name} is there twice`);
  }
  if (!names.includes(evaluated)) yield violation('event-missing', `${evaluated} is missing`);
  const known = names.filter((name) => [evaluated, reservation, reconciliation].includes(name));
  const order = [...new Set(known)];
  const wanted = [evaluated, reservation, reconciliation].filter((name) => order.includes(name));
  if (order.join() !== wanted.join())
    yield violation('event-order', `the events came as ${order.join(', ')}`);
  if (names.includes(reservation) && !names.includes(reconciliation))
    yield violation('reconciliation', 'what was reserved was never reconciled');
  if (!names.includes(reservation) && names.includes(reconciliation))
    yield violation('reconciliation', 'what was reconciled was never reserved');
  if (isRefused(attributes) && names.includes(reconciliation))
    yield violation('reconciliation', 'nothing ran, and yet there is a reconciliation');
  const said = events.find(({ name }) => name === evaluated)?.attributes?.['genops.policy.result'];
  if (said !== undefined && said !== attributes['genops.policy.result'])
    yield violation('policy-result', 'the event and the unit have different results');
}

function* checkAccounting({ attributes, events }: UnitSpan): Generator<SpecificationFinding> {
  const unit = attributes['genops.accounting.unit'];
  const amounts = {
    reserved: attributes['genops.accounting.reserved'],
    actual: attributes['genops.accounting.actual'],
  };
  for (const [name, amount] of Object.entries(amounts)) {
    if (amount !== undefined && !(typeof amount === 'number' && Number.isFinite(amount) && amount >= 0))
      yield violation('amount', `genops.accounting.${name} is ${String(amount)}`);
  }
  for (const name of [reservation, reconciliation]) {
    const event = events.find((one) => one.name === name)?.attributes;
    if (event === undefined) continue;
    if (event['unit'] !== unit)
      yield violation('unit', `${name} is in ${String(event['unit'])}, the unit in ${String(unit)}`);
    if (event['reserved'] !== amounts.reserved)
      yield violation('amount', `${name} says ${String(event['reserved'])} was reserved`);
  }
  const reconciled = events.find(({ name }) => name === reconciliation)?.attributes;
  if (reconciled === undefined || reconciled['incomplete'] === true) return;
  const { actual, reserved, reconciliation_delta: delta } = reconciled;
  if (actual !== amounts.actual) yield violation('amount', `reconciled ${String(actual)}`);
  const difference = Number(actual) - Number(reserved);
  const tolerance = 1e-9 * Math.max(1, Math.abs(Number(reserved)));
  if (!(Math.abs(difference - Number(delta)) <= tolerance))
    yield violation('delta', `actual − reserved is ${difference}, not ${String(delta)}`);
}

/** Blocked before anything was reserved. */
function neverRan({ attributes, events }: UnitSpan): boolean {
  return isRefused(attributes) && !events.some(({ name }) => name === reservation);
}

function isRefused(attributes: UnitSpan['attributes']): boolean {
  const result = attributes['genops.policy.result'];
  return result === 'BLOCKED' || result === 'RATE_LIMITED';
}

function violation(rule: string, message: string): SpecificationFinding {
  return { severity: 'violation', rule, message };
}
