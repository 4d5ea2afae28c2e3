import { type Finding, finding } from './problems.ts';
import { type CheckResult, checked } from './result.ts';
import type { Setup } from './setup.ts';

const usual = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const environments = ['production', 'staging', 'development', 'test', 'local'];

/** Whether calls say for whom they are, in names that reports can rely on. */
export function checkAttribution({ settings }: Setup): CheckResult {
  const { attribution } = settings;
  const findings: Finding[] = [];
  for (const dimension of ['team', 'project', 'environment'] as const) {
    const value = attribution[dimension];
    const variable = `GENOPS_${dimension.toUpperCase()}`;
    if (value === undefined) {
      findings.push(finding('attribution-missing', variable, `Calls say no ${dimension} by default`));
    } else if (!(dimension === 'environment' ? environments.includes(value) : usual.test(value))) {
      const expected =
        dimension === 'environment' ? `one of ${environments.join(', ')}` : 'lower-case words and dashes';
      findings.push(
        finding('attribution-unusual', variable, `The ${dimension} is "${value}"; usual is ${expected}`),
      );
    }
  }
  const said = Object.entries(attribution).filter(([name]) => name !== 'tags');
  return checked(
    'attribution',
    said.map(([name, value]) => `${name} ${value}`).join(', ') || 'none',
    findings,
  );
}
