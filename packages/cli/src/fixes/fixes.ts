import type { Provider } from '@genops/core';
import { limitSchema } from '@genops/policy';
import { providerTypes } from '@genops/register/api';
import type { Asker } from '../ask/ask.ts';
import type { Finding, ProblemId } from '../checks/problems.ts';
import { putItem } from '../configuration/list.ts';
import type { Change } from './change.ts';

/** Asks what is needed to put a finding right. @returns nothing when there is nothing to write after all */
type Fix = (finding: Finding, asker: Asker) => Promise<Change | undefined>;

/** What can be put right from here. For everything else the finding says what to do. */
export const fixes: Readonly<Partial<Record<ProblemId, Fix>>> = {
  'provider-missing': async (_, asker) => {
    const id = await asker.one(
      'Which provider is called?',
      providerTypes.filter(({ apiKeyEnv }) => apiKeyEnv !== '').map((one) => one.id),
    );
    return keyOf(providerOf(id), asker);
  },
  'key-missing': (finding, asker) => keyOf(providerOf(finding.subject), asker),
  'key-malformed': (finding, asker) => keyOf(providerOf(finding.subject), asker),
  'key-placeholder': (finding, asker) => keyOf(providerOf(finding.subject), asker),
  'key-of-another-provider': (finding, asker) => keyOf(providerOf(finding.subject), asker),
  'key-rejected': (finding, asker) => keyOf(providerOf(finding.subject), asker),
  'address-missing': async ({ subject }, asker) => {
    const variable = providerOf(subject)?.setup?.baseUrlEnv?.name;
    if (variable === undefined) return undefined;
    const value = await asker.text(`At what address is ${subject}?`, {
      example: 'https://gateway.example.com/v1',
      check: (url) => (URL.canParse(url) ? undefined : 'An absolute URL'),
    });
    return { kind: 'variable', name: variable, value, isSecret: false };
  },
  'attribution-missing': async ({ subject }, asker) => {
    const dimension = subject.replace(/^GENOPS_/, '').toLowerCase();
    const value = await asker.text(`What is the ${dimension} of this program’s calls?`, {
      example: dimension === 'environment' ? 'development' : 'search',
      check: (name) => (name.length <= 256 ? undefined : 'At most 256 characters'),
    });
    return configured(`attribution.${dimension}: ${value}`, (document) =>
      document.setIn(['attribution', dimension], value),
    );
  },
  'budget-missing': async (_, asker) => {
    const limit = (amount: string): object => ({
      id: 'daily',
      amount,
      window: 'day',
      thresholds: [80, 90, 100],
    });
    const amount = await asker.text('What may all calls of a day cost, in USD?', {
      example: '25',
      check: (text) =>
        limitSchema.safeParse(limit(text)).success ? undefined : 'A decimal such as 25 or 2.50',
    });
    return configured(`limits: daily, ${amount} USD a day, enforced`, (document) => {
      putItem(document, 'limits', 'daily', limit(amount) as Record<string, unknown>);
    });
  },
  'ledger-in-memory': async () =>
    configured('ledger: .genops/ledger.db', (document) => document.set('ledger', '.genops/ledger.db')),
};

/** Without the key itself: it is typed unseen, and goes nowhere but into the file. */
async function keyOf(provider: Provider | undefined, asker: Asker): Promise<Change | undefined> {
  if (provider === undefined || provider.apiKeyEnv === '') return undefined;
  const { name, apiKeyEnv, setup } = provider;
  const shape = setup?.apiKeyShape;
  const value = await asker.secret(`The key for ${name}, as ${apiKeyEnv} is to hold it`, {
    check: (key) => (/^[^\s"'`\\]+$/.test(key) ? undefined : 'No quotes, spaces or backslashes'),
  });
  if (shape !== undefined && !shape.pattern.test(value)) {
    asker.say(`It does not look like ${shape.example}; the check will say so too.`);
  }
  return { kind: 'variable', name: apiKeyEnv, value, isSecret: true };
}

function providerOf(id: string): Provider | undefined {
  return providerTypes.find((one) => one.id === id);
}

function configured(text: string, edit: Extract<Change, { kind: 'configuration' }>['edit']): Change {
  return { kind: 'configuration', text, edit };
}
