import { connect } from 'node:net';
import { type Finding, finding } from './problems.ts';
import { type CheckResult, checked } from './result.ts';
import type { Setup } from './setup.ts';

const variables = [
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
  'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT',
];

/** Whether somebody takes connections where spans and metrics are sent. Nothing is sent. */
export async function checkTelemetry({ environment, settings, timeoutMs }: Setup): Promise<CheckResult> {
  const named = variables.flatMap((name) => (environment[name] ? [[name, environment[name]] as const] : []));
  // What the environment says wins.
  const inFile = named.length > 0 || settings.telemetry === false ? undefined : settings.telemetry.otlp;
  const configured = inFile === undefined ? named : [['telemetry.otlp.endpoint', inFile.endpoint] as const];
  if (configured.length === 0) {
    const message = 'No OTLP endpoint is configured';
    return checked('telemetry', message, [finding('telemetry-missing', variables[0] as string, message)]);
  }
  const findings: Finding[] = Object.entries(inFile?.headers ?? {}).flatMap(([header, reference]) => {
    const variable = reference.slice('env:'.length);
    return environment[variable]
      ? []
      : [finding('configuration-invalid', `telemetry.otlp.headers.${header}`, `${variable} is not set`)];
  });
  for (const [name, value] of configured) {
    const url = URL.parse(value);
    if (url === null || !/^https?:$/.test(url.protocol)) {
      findings.push(finding('telemetry-endpoint-invalid', name, `${name} is "${value}", which is no URL`));
      continue;
    }
    const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
    const failure = await failureToConnect(url.hostname.replace(/^\[|\]$/g, ''), port, timeoutMs);
    if (failure !== undefined)
      findings.push(finding('telemetry-unreachable', name, `${value} cannot be reached: ${failure}`));
  }
  return checked('telemetry', configured.map(([, value]) => value).join(', '), findings);
}

/** @returns why no connection could be made; `undefined` when one could */
function failureToConnect(host: string, port: number, timeoutMs: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: timeoutMs });
    const end = (failure?: string): void => {
      socket.destroy();
      resolve(failure);
    };
    socket.once('connect', () => end());
    socket.once('timeout', () => end(`no connection within ${timeoutMs} ms`));
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
  });
}
