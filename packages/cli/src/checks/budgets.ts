import { type Finding, finding } from './problems.ts';
import { type CheckResult, checked } from './result.ts';
import { enforcesMoney, type Setup } from './setup.ts';

/** Whether anything keeps spending within limits. */
export function checkBudgets(setup: Setup): CheckResult {
  const money = setup.policy.limits.filter(({ unit }) => unit === 'money');
  const findings: Finding[] = [];
  if (money.length === 0) {
    findings.push(finding('budget-missing', 'limits', 'No limit on money is configured'));
  } else if (setup.settings.mode === 'enforce' && !enforcesMoney(setup)) {
    const modes = money.map(({ id, mode }) => `"${id}" is ${mode}`).join(', ');
    findings.push(finding('budget-not-enforced', 'limits', modes));
  }
  const listed = money.map(
    ({ id, amount, currency = 'USD', mode }) => `${id} ${amount} ${currency} (${mode})`,
  );
  return checked('budgets', listed.join(', ') || 'none', findings);
}
