import type { Alert } from '../src/alert.ts';

/** An alert of which only the name matters. */
export function alertNamed(name: string, changes: Partial<Alert> = {}): Alert {
  return {
    key: name,
    id: `${name}@2026-11-30T08:00:00.000Z`,
    ruleId: 'rule',
    kind: 'cost',
    severity: 'warning',
    status: 'firing',
    summary: '11 USD were spent within 1 hour; the alert is above 10 USD',
    value: '11',
    expected: '10',
    unit: 'USD',
    labels: { team: 'search' },
    startedAt: '2026-11-30T08:00:00.000Z',
    ...changes,
  };
}
