import type { GovernorEvent, GovernorListener } from '@genops/core';
import {
  type AliasGroup,
  createTelemetry,
  isSdkRegistered,
  readOtelEnvironment,
  type TelemetryOptions,
} from '@genops/telemetry';
import { collectorOf, type TelemetryConfig } from '@genops/telemetry/config';
import type { ExportingTelemetry } from '@genops/telemetry/otlp';
import type { Environment } from './environment.ts';

/** What a program and `genops.yaml` may say of telemetry. What `OTEL_*` says of the collector wins over `otlp`. */
export type TelemetryInput = Pick<TelemetryOptions, 'dimensions' | 'maxSeries' | 'spanSampleRatio'> & {
  readonly aliases?: boolean | readonly AliasGroup[];
  /** Where spans and metrics are sent; headers are references such as `env:COLLECTOR_KEY`. */
  readonly otlp?: TelemetryConfig['otlp'];
  /** @default what `OTEL_SERVICE_NAME` says */
  readonly serviceName?: string;
  readonly batch?: TelemetryConfig['batch'];
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
 * that; else they are sent where `OTEL_EXPORTER_OTLP_ENDPOINT` says, else where `otlp` says; else nothing happens.
 *
 * @throws {ConfigurationError} for a dimension that no call can have, and when a variable that a header of `otlp`
 *   names is not set
 */
export function createZeroCodeTelemetry(
  input: TelemetryInput,
  environment: Environment,
  warn: (message: string) => void,
): ZeroCodeTelemetry {
  const { otlp, serviceName, batch, ...options } = input;
  const { exports: isNamed, isDisabled, warnings } = readOtelEnvironment(environment);
  const collector = isNamed || isDisabled ? {} : collectorOf({ otlp }, environment);
  const exports = isNamed || collector.endpoint !== undefined;
  // Made now, so that a word that is none is known before the program begins.
  const inSdk = createTelemetry(options);
  const waiting: GovernorEvent[] = [];
  let telemetry: GovernorListener | undefined;
  let own: Promise<ExportingTelemetry | undefined> | undefined;
  let closing: Promise<void> | undefined;

  const load = async (): Promise<ExportingTelemetry | undefined> => {
    try {
      const { createOtlpTelemetry } = await import('@genops/telemetry/otlp');
      for (const warning of warnings) warn(warning);
      const isSaid = environment['OTEL_EXPORTER_OTLP_TIMEOUT'] !== undefined;
      const isNameSaid = environment['OTEL_SERVICE_NAME'] !== undefined;
      const started = createOtlpTelemetry({
        ...options,
        ...collector,
        ...(serviceName !== undefined && !isNameSaid && { serviceName }),
        batch: { ...(!isSaid && { exportTimeoutMs: patienceMs }), ...withoutUndefined(batch ?? {}) },
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
        telemetry = inSdk;
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

function withoutUndefined<Values extends object>(
  values: Values,
): { [Name in keyof Values]: NonNullable<Values[Name]> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}
