import type { Provider } from '@genops/core';
import { type Finding, finding } from './problems.ts';
import { type CheckResult, checked } from './result.ts';
import { isLocal, type ProviderToCheck } from './setup.ts';

const placeholder =
  /^(your|my|insert|replace|change|test|dummy|example|todo)[-_ ]|^<.*>$|\.\.\.|…|^(x{4,}|\*{4,})|x{6,}$|^(sk-)?(key|secret|changeme|placeholder)$/i;

/**
 * Whether a key is there and looks like one of this provider. It is looked at, never shown and never sent.
 *
 * @param others - providers whose keys could have been mixed up with it
 */
export function checkKey(
  { provider, apiKey, apiKeyEnv: variable }: ProviderToCheck,
  others: readonly Provider[],
): CheckResult {
  const result = (message: string, ...findings: Finding[]): CheckResult =>
    checked('key', message, findings, provider.id);
  if (apiKey === undefined || apiKey === '') {
    const message = `${variable} is not set`;
    // A model server of one's own often takes calls without a key.
    const severity =
      isLocal(provider.baseUrl) && provider.setup?.apiKeyShape === undefined ? 'info' : 'error';
    return result(message, finding('key-missing', provider.id, message, severity));
  }
  const length = `${apiKey.length} characters`;
  if (/^["']|["']$|\s|[^\u0021-\u007e]/.test(apiKey)) {
    const message = `${variable} contains quotes, white space or characters that no key has (${length})`;
    return result(message, finding('key-malformed', provider.id, message));
  }
  if (placeholder.test(apiKey)) {
    const message = `${variable} is a placeholder (${length})`;
    return result(message, finding('key-placeholder', provider.id, message));
  }
  const shape = provider.setup?.apiKeyShape;
  if (shape !== undefined && !shape.pattern.test(apiKey)) {
    const owner = others.find(
      (other) => other.id !== provider.id && other.setup?.apiKeyShape?.pattern.test(apiKey) === true,
    );
    const message =
      owner === undefined
        ? `${variable} does not look like ${shape.example} (${length})`
        : `${variable} looks like a key of ${owner.name}, not like ${shape.example}`;
    const id = owner === undefined ? 'key-unusual' : 'key-of-another-provider';
    return result(message, finding(id, provider.id, message));
  }
  return result(`${variable} is set (${length})`);
}
