import type { RunningProxy } from './proxy.ts';
import type { Starter } from './starter.ts';

export function welcome(proxy: RunningProxy, configFile: string, ledger: string): string {
  return `GenOps proxy at ${proxy.url}/v1\n  configuration  ${configFile}\n  ledger         ${ledger}\n`;
}

/** All that a first call needs. */
export function welcomeStarter(
  proxy: RunningProxy,
  { virtualKey, simulated, model }: Starter,
  dataDirectory: string,
): string {
  const provider = simulated
    ? 'simulated (no OPENAI_API_KEY is set; answers are made up)'
    : 'OpenAI, with the key of OPENAI_API_KEY';
  return `GenOps proxy at ${proxy.url}/v1
  provider       ${provider}
  virtual key    ${virtualKey}
  budget         5 USD a day, enforced
  ledger         ${dataDirectory}

Try it:

  curl -i ${proxy.url}/v1/chat/completions \\
    -H 'Authorization: Bearer ${virtualKey}' \\
    -H 'Content-Type: application/json' \\
    -d '{"model": "${model}", "messages": [{"role": "user", "content": "Hello"}]}'

Then see what it cost:  ./node_modules/.bin/genops spend --data ${dataDirectory}
`;
}
