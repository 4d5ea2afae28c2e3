import type { Attribution, Provider } from '@genops/core';
import { stringify } from 'yaml';

/** What a first configuration is to say. */
export interface Plan {
  readonly providers: readonly Provider[];
  readonly attribution: Pick<Attribution, 'team' | 'project' | 'environment'>;
  /** In USD, as exact decimal text. */
  readonly dailyBudget?: string;
  /** The first key that callers of the proxy present. */
  readonly virtualKey?: { readonly id: string; readonly sha256: string };
}

/** A first configuration and the variables that it needs, by the names of their files. */
export function plannedFiles(plan: Plan): Readonly<Record<'genops.yaml' | '.env.example', string>> {
  return { 'genops.yaml': configuration(plan), '.env.example': variables(plan) };
}

function configuration({ providers, attribution, dailyBudget, virtualKey }: Plan): string {
  const parts = [
    `# What calls to models are for, where they go and what they may cost. Read by the proxy, and by
# node --import @genops/register app.js. Check it with: genops doctor --env-file .env
`,
    ...(Object.keys(attribution).length === 0
      ? []
      : [`# What every call says unless it says otherwise.\n${stringify({ attribution })}`]),
    `# Their keys are in the environment: see .env.example.\n${stringify({
      providers: providers.map(({ id }) => ({ type: id })),
    })}`,
    ...(dailyBudget === undefined
      ? [`# limits: # genops budget set daily --amount 25 --window day\n`]
      : [
          `# A call that does not fit is refused before it is sent. More: genops budget set --help\n${stringify(
            {
              limits: [{ id: 'daily', amount: dailyBudget, window: 'day', thresholds: [80, 90, 100] }],
            },
          )}`,
        ]),
    ...(virtualKey === undefined
      ? []
      : [
          `# Keys that callers of the proxy present. More: genops key add --help\n${stringify({
            virtualKeys: [virtualKey],
          })}`,
        ]),
  ];
  return parts.join('\n');
}

function variables({ providers }: Plan): string {
  const lines = new Set<string>();
  for (const { name, apiKeyEnv, setup } of providers) {
    if (apiKeyEnv !== '') lines.add(`# ${name}\n${apiKeyEnv}=`);
    const address = setup?.baseUrlEnv?.name;
    if (address !== undefined) lines.add(`# ${name}, where it is not at its usual address\n# ${address}=`);
  }
  return `# Copy to .env, which does not belong into version control, and start with: node --env-file=.env …\n\n${[...lines].join('\n')}\n`;
}
