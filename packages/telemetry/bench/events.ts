// What one call costs in telemetry, in microseconds of processor time, whatever else the machine does. Usage: npm run bench, or node bench/events.ts here.
import type { Call, GovernorEvent, LedgerEntry } from '@genops/core';
import { money } from '@genops/core';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { createTelemetry, type TelemetryOptions } from '../src/index.ts';
import { createPrometheusReader } from '../src/prometheus.ts';

const at = '2026-11-29T12:00:00.000Z';
const teams = Array.from({ length: 50 }, (_, index) => `team-${index}`);
const events: readonly GovernorEvent[] = Array.from({ length: 1000 }, (_, index) => {
  const call: Call = {
    id: `op_${index}`,
    provider: 'openai',
    operation: 'chat',
    requestModel: 'gpt-4o-mini',
    stream: false,
    attribution: { team: teams[index % 50] as string, project: 'p', environment: 'production' },
    at,
  };
  const entry: LedgerEntry = {
    ...call,
    id: `op_${index}.1`,
    operationId: call.id,
    attempt: 1,
    kind: 'settled',
    endedAt: at,
    responseModel: 'gpt-4o-mini-2024-07-18',
    decision: { verdict: 'allowed', rules: [], limits: [] },
    held: money('0.001'),
    usage: { inputTokens: 1000, outputTokens: 100 },
    cost: { result: 'priced', total: money('0.00021'), lines: [], basis: 'computed' },
    outcome: 'completed',
    status: 200,
  };
  const timing = { startedAt: at, durationMs: 800, pricingMs: 0.02, decisionMs: 0.01, routingMs: 0.01 };
  return { kind: 'settled', call, entry, durationMs: 801, timing };
});

function spans(): Pick<TelemetryOptions, 'tracerProvider'> {
  const exporter = {
    export: (_spans: unknown, done: (result: { code: number }) => void) => done({ code: 0 }),
    shutdown: async () => {},
  };
  return {
    tracerProvider: new TracerProvider({ spanProcessors: [new BatchSpanProcessor({ exporter })] }),
  };
}

function metrics(): Pick<TelemetryOptions, 'meterProvider'> {
  return { meterProvider: new MeterProvider({ readers: [createPrometheusReader().reader] }) };
}

const cases: Readonly<Record<string, TelemetryOptions>> = {
  'no SDK registered': {},
  metrics: { ...metrics(), spanSampleRatio: 0 },
  'metrics and every alias': { ...metrics(), spanSampleRatio: 0, aliases: true },
  'metrics and spans': { ...metrics(), ...spans() },
  'metrics and one span in ten': { ...metrics(), ...spans(), spanSampleRatio: 0.1 },
  'metrics, spans and every alias': { ...metrics(), ...spans(), aliases: true },
};

for (const [name, options] of Object.entries(cases)) {
  const telemetry = createTelemetry(options);
  const rounds: number[] = [];
  for (let round = 0; round < 60; round += 1) {
    const begin = process.threadCpuUsage();
    for (const event of events) telemetry(event);
    const { user, system } = process.threadCpuUsage(begin);
    rounds.push((user + system) / events.length);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const settled = rounds.slice(20).sort((one, other) => one - other);
  const median = settled[Math.floor(settled.length / 2)] as number;
  process.stdout.write(`${name.padEnd(34)} ${median.toFixed(1).padStart(6)} µs a call\n`);
}
process.exit(0);
