import { type Environment, isDisabled, type Settings, unknownVariables } from '@genops/register/api';
import { finding } from './problems.ts';
import { type CheckResult, checked } from './result.ts';

/** What the environment and `genops.yaml` say, when they could be read. */
export function checkConfiguration(environment: Environment, settings: Settings): CheckResult {
  const source = settings.configFile ?? 'the environment';
  return checked('configuration', `Read from ${source}`, [
    ...unknownVariables(environment).map((name) =>
      finding('variable-unknown', name, `${name} is set, and no part of GenOps reads it`),
    ),
    ...(isDisabled(environment)
      ? [finding('governance-disabled', 'GENOPS_DISABLED', 'GENOPS_DISABLED is set')]
      : []),
    ...(settings.mode === 'observe' ? [finding('observe-only', 'mode', 'The mode is "observe"')] : []),
  ]);
}

/** What they say, when it could not be read. */
export function configurationFailure(error: Error): CheckResult {
  const message = error.message;
  return checked('configuration', message, [finding('configuration-invalid', 'configuration', message)]);
}
