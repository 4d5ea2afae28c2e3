/** How much a finding matters: calls fail or are not governed, something is amiss, something could be better. */
export type Severity = 'error' | 'warning' | 'info';

interface Problem {
  readonly severity: Severity;
  /** Why it matters, in a sentence. */
  readonly explanation: string;
  /** What to do about it, in a sentence. */
  readonly fix: string;
}

/** Everything that a check can find. Each has a page of its name in `docs/problems/`. */
export const problems = {
  'node-too-old': {
    severity: 'error',
    explanation: 'GenOps and the official SDKs use parts of Node.js that this version does not have',
    fix: 'Install Node.js 22.13 or later',
  },
  'configuration-invalid': {
    severity: 'error',
    explanation: 'A program that is started with it ends at once, so that nothing runs ungoverned by mistake',
    fix: 'Correct the value that the message names',
  },
  'variable-unknown': {
    severity: 'warning',
    explanation: 'Nobody reads it, so what it was meant to say is not in force',
    fix: 'Correct its name, or unset it',
  },
  'governance-disabled': {
    severity: 'warning',
    explanation: 'Zero-code governance does nothing: calls are neither limited nor recorded',
    fix: 'Unset GENOPS_DISABLED',
  },
  'observe-only': {
    severity: 'info',
    explanation: 'Every limit and rule is only noted; none refuses a call',
    fix: 'Set GENOPS_MODE=enforce once the notes look right',
  },
  'provider-missing': {
    severity: 'error',
    explanation: 'Without the key of any provider no call can succeed, and there is nothing to check',
    fix: 'Set the key of a provider, such as OPENAI_API_KEY',
  },
  'key-missing': {
    severity: 'error',
    explanation: 'Calls without a key are answered with 401',
    fix: 'Set the variable to a key of this provider',
  },
  'key-malformed': {
    severity: 'error',
    explanation: 'Quotes, spaces and line breaks become part of the key, and the provider rejects it',
    fix: 'Set the variable to the key alone',
  },
  'key-placeholder': {
    severity: 'error',
    explanation: 'It is the example from a document, not a key',
    fix: 'Replace it by a key of your own',
  },
  'key-of-another-provider': {
    severity: 'error',
    explanation: 'A key that is sent to somebody else than its owner is rejected, and has been shown to them',
    fix: 'Set the variable to a key of this provider, and revoke the other if it was used',
  },
  'key-unusual': {
    severity: 'warning',
    explanation: 'Keys of this provider usually look otherwise; a part may be missing',
    fix: 'Copy the key anew',
  },
  'key-rejected': {
    severity: 'error',
    explanation: 'The provider knows no such key, or does not let it ask for models',
    fix: 'Make a new key, or give this one the right to list models',
  },
  'address-missing': {
    severity: 'error',
    explanation: 'Everyone has this provider at another address, so its calls are not recognised without one',
    fix: 'Set the variable, or name the address under providers in genops.yaml',
  },
  'endpoint-unreachable': {
    severity: 'error',
    explanation: 'No call can get through',
    fix: 'Check the address, the name service, the firewall and the HTTP proxy (NODE_USE_ENV_PROXY=1)',
  },
  'endpoint-wrong': {
    severity: 'error',
    explanation: 'Somebody answers there who does not speak as this provider does',
    fix: 'Correct the base URL; most end with /v1',
  },
  'endpoint-insecure': {
    severity: 'warning',
    explanation: 'Key and prompts cross the network in the clear',
    fix: 'Use an https address',
  },
  'endpoint-slow': {
    severity: 'warning',
    explanation: 'Every call takes at least that much longer',
    fix: 'Use an address that is nearer, or find out what is slow on the way',
  },
  'provider-limiting': {
    severity: 'warning',
    explanation: 'The account is at its own limit with the provider; calls are being refused there',
    fix: 'Wait, or ask the provider for more',
  },
  'provider-failing': {
    severity: 'warning',
    explanation: 'The provider answers with errors of its own',
    fix: 'Look at its status page, and try again later',
  },
  'model-unpriced': {
    severity: 'warning',
    explanation:
      'What a call costs is not known: it is recorded as unpriced, and refused under a money limit',
    fix: 'Correct the name, or add its price to a price file of your own',
  },
  'model-not-offered': {
    severity: 'warning',
    explanation: 'The provider does not list it for this key',
    fix: 'Correct the name, or ask the provider for access',
  },
  'price-stale': {
    severity: 'warning',
    explanation: 'Nobody has looked at the price for a while; it may have changed',
    fix: 'Update @genops/pricing, or add the price to a price file of your own',
  },
  'budget-missing': {
    severity: 'warning',
    explanation: 'Nothing keeps a mistake from spending everything that the account holds',
    fix: 'Set GENOPS_DAILY_BUDGET_LIMIT, or a limit in genops.yaml',
  },
  'budget-not-enforced': {
    severity: 'warning',
    explanation: 'Money limits are there, but none of them refuses a call',
    fix: 'Set the mode of a limit to enforced',
  },
  'ledger-in-memory': {
    severity: 'warning',
    explanation: 'What was spent is forgotten when the process ends, and other processes do not see it',
    fix: 'Set GENOPS_LEDGER to the path of a file',
  },
  'ledger-unwritable': {
    severity: 'error',
    explanation: 'Without a ledger nothing can be held, so calls are refused',
    fix: 'Give the process the right to write there, or set GENOPS_LEDGER to another path',
  },
  'ledger-damaged': {
    severity: 'error',
    explanation: 'A ledger that cannot be read is never replaced by an empty one, so calls are refused',
    fix: 'Restore the file from a backup',
  },
  'attribution-missing': {
    severity: 'warning',
    explanation: 'Costs cannot be told apart by it, and limits on it do not apply',
    fix: 'Set the variable, or say it in the code with withAttribution',
  },
  'attribution-unusual': {
    severity: 'info',
    explanation: 'Two spellings of one name are two names in every report',
    fix: 'Use lower-case words joined by dashes',
  },
  'telemetry-missing': {
    severity: 'info',
    explanation: 'Spans and metrics go nowhere; the ledger is not affected',
    fix: 'Set OTEL_EXPORTER_OTLP_ENDPOINT, or telemetry.otlp in genops.yaml, to a collector',
  },
  'telemetry-endpoint-invalid': {
    severity: 'error',
    explanation: 'The exporter cannot send to what is no URL; the ledger is not affected',
    fix: 'Set it to an absolute URL, such as http://localhost:4318',
  },
  'telemetry-unreachable': {
    severity: 'warning',
    explanation: 'Nobody takes connections there: spans and metrics are lost; the ledger is not affected',
    fix: 'Start the collector, or correct the address',
  },
  'double-instrumentation': {
    severity: 'warning',
    explanation:
      'Two instrumentations of the same SDK make two spans for one call; the ledger counts it once',
    fix: 'Remove the other one, or switch its LLM instrumentation off',
  },
  'sdk-telemetry': {
    severity: 'info',
    explanation: 'The SDK makes spans of its own for calls that GenOps makes spans for too',
    fix: 'Set ANTHROPIC_OPEN_TELEMETRY=false, or leave the spans to the SDK',
  },
  'fetch-replaced': {
    severity: 'info',
    explanation:
      'Another library has replaced the global fetch; calls that do not go through ours are not governed',
    fix: 'Start GenOps first: node --import @genops/register app.js',
  },
  'live-call-failed': {
    severity: 'error',
    explanation: 'A smallest possible real call did not succeed',
    fix: 'Follow what the provider says in the message',
  },
  'live-call-unmetered': {
    severity: 'warning',
    explanation: 'The answer came without usage, so its cost is an estimate',
    fix: 'Look whether a gateway on the way removes the usage',
  },
} as const satisfies Record<string, Problem>;

export type ProblemId = keyof typeof problems;

/** Something that a check found. */
export interface Finding {
  readonly id: ProblemId;
  readonly severity: Severity;
  /** What it is about: a provider, a variable, a file. */
  readonly subject: string;
  /** What was found, values included; never a secret. */
  readonly message: string;
  readonly explanation: string;
  readonly fix: string;
  /** Where there is more about it, below the project's root. */
  readonly page: string;
}

/** @param severity - where this case matters more or less than usual */
export function finding(
  id: ProblemId,
  subject: string,
  message: string,
  severity: Severity = problems[id].severity,
): Finding {
  const { explanation, fix } = problems[id];
  return { id, severity, subject, message, explanation, fix, page: `docs/problems/${id}.md` };
}
