import type { GovernorEvent, GovernorListener } from '@genops/core';
import {
  type AliasGroup,
  createTelemetry,
  isSdkRegistered,
  readOtelEnvironment,
  type TelemetryOptions,
} from '@genops/telemetry';
import type { ExportingTelemetry } from '@genops/telemetry/otlp';
import type { Environment } from './environment.ts';

/** What a program may say of telemetry; where it goes, `OTEL_*` says. */
export type TelemetryInput = Pick<TelemetryOptions, 'dimensions' | 'maxSeries' | 'spanSampleRatio'> & {
  readonly aliases?: boolean | readonly AliasGroup[];
};

/** Telemetry of a program that did not ask for it in code. */
export interface ZeroCodeTelemetry {
  readonly listener: GovernorListener;
  /** Sends what waits, for a few seconds at most. Never rejects. */
  close(): Promise<void>;
}

/** A program that ends waits so long for a collector that is away, and no longer. */
const patienceMs = 2_000;

/** Events that are kept while exporters are loaded. What comes on top is not told. */
const mostWaiting = 1000;

/**
 * Decides with the first call: a program that has registered an OpenTelemetry SDK gets spans and metrics in
 * that; else they are sent where `OTEL_EXPORTER_OTLP_ENDPOINT` says; else nothing happens.
 */
export function createZeroCodeTelemetry(
  options: TelemetryInput,
  environment: Environment,
  warn: (message: string) => void,
): ZeroCodeTelemetry {
  const { exports, warnings } = readOtelEnvironment(environment);
  const waiting: GovernorEvent[] = [];
  let telemetry: GovernorListener | undefined;
  let own: Promise<ExportingTelemetry | undefined> | undefined;
  let closing: Promise<void> | undefined;

  const load = async (): Promise<ExportingTelemetry | undefined> => {
    try {
      const { createOtlpTelemetry } = await import('@genops/telemetry/otlp');
      for (const warning of warnings) warn(warning);
      const isSaid = environment['OTEL_EXPORTER_OTLP_TIMEOUT'] !== undefined;
      const started = createOtlpTelemetry({
        ...options,
        ...(!isSaid && { batch: { exportTimeoutMs: patienceMs } }),
      });
      telemetry = started;
      for (const event of waiting.splice(0)) started(event);
      return started;
    } catch (error) {
      telemetry = () => {};
      warn(`Telemetry is not sent: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  };
  return {
    listener: (event) => {
      if (telemetry !== undefined) return telemetry(event);
      if (own === undefined && isSdkRegistered()) {
        telemetry = createTelemetry(options);
        return telemetry(event);
      }
      if (!exports) return;
      if (waiting.length < mostWaiting) waiting.push(event);
      own ??= load();
    },
    close: () => {
      closing ??= (async () => {
        await (await own)?.close();
      })();
      return closing;
    },
  };
}
