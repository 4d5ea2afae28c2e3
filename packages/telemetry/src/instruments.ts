import { amountOf, type LedgerEntry } from '@genops/core';
import type { Attributes, Meter } from '@opentelemetry/api';
import { present } from './span-attributes.ts';

/** Counts one attempt. */
export type Instruments = (entry: LedgerEntry, durationMs: number) => void;

/** Powers of four and of two, as OpenTelemetry GenAI advises. */
const tokenBuckets = [
  1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864,
];
const secondBuckets = [
  0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
];

/**
 * The metrics of governed calls. Amounts in metrics are doubles, because that is what metrics are; the
 * ledger has every digit.
 */
export function createInstruments(meter: Meter): Instruments {
  const tokens = meter.createHistogram('gen_ai.client.token.usage', {
    unit: '{token}',
    description: 'Tokens of calls',
    advice: { explicitBucketBoundaries: tokenBuckets },
  });
  const duration = meter.createHistogram('gen_ai.client.operation.duration', {
    unit: 's',
    description: 'Duration of calls',
    advice: { explicitBucketBoundaries: secondBuckets },
  });
  const cost = meter.createCounter('genops.cost', { unit: '{USD}', description: 'What calls cost' });
  const operations = meter.createCounter('genops.operations', {
    unit: '{operation}',
    description: 'Calls, by verdict and outcome',
  });
  const unpriced = meter.createCounter('genops.unpriced', {
    unit: '{operation}',
    description: 'Calls whose cost is not known',
  });

  return (entry, durationMs) => {
    const common = commonAttributes(entry);
    operations.add(1, { ...common, verdict: entry.decision.verdict, outcome: entry.outcome });
    if (entry.kind === 'refused') return;
    duration.record(durationMs / 1000, common);
    if (entry.usage?.inputTokens !== undefined) {
      tokens.record(entry.usage.inputTokens, { ...common, 'gen_ai.token.type': 'input' });
    }
    if (entry.usage?.outputTokens !== undefined) {
      tokens.record(entry.usage.outputTokens, { ...common, 'gen_ai.token.type': 'output' });
    }
    if (entry.cost.result === 'unpriced') unpriced.add(1, common);
    else if (entry.cost.total.currency === 'USD') {
      cost.add(Number(amountOf(entry.cost.total)), { ...common, ...attributionLabels(entry) });
    }
  };
}

function commonAttributes(entry: LedgerEntry): Attributes {
  return present({
    'gen_ai.operation.name': entry.operation,
    'gen_ai.provider.name': entry.provider,
    'gen_ai.request.model': entry.requestModel,
    'gen_ai.response.model': entry.responseModel,
  });
}

/** Dimensions that stay small in number. Customers and users are in spans and in the ledger. */
function attributionLabels({ attribution }: LedgerEntry): Attributes {
  const { team, project, environment } = attribution;
  return present({ 'genops.team': team, 'genops.project': project, 'genops.environment': environment });
}
