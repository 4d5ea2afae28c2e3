import type { AddressInfo } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import type { Alerts, Outbox } from '@genops/alerts';
import { ConfigurationError, type GovernorListener } from '@genops/core';
import type { Governor } from '@genops/governor';
import type { Ledger } from '@genops/ledger';
import { createLiveLists } from '@genops/pricing';
import type { RouterStateStore } from '@genops/router';
import { createDebugListener } from '@genops/telemetry/debug';
import { startAlerts } from './alerts.ts';
import { createApp } from './app.ts';
import { createCallsUnderWay } from './calls-under-way.ts';
import { carriedOver } from './carry-over.ts';
import type { Config, Environment } from './config.ts';
import { type Configurations, createConfigurations } from './configurations.ts';
import { createDispatchTransport } from './dispatch-transport.ts';
import { drain } from './drain.ts';
import { createTransitionLog } from './management/transition-log.ts';
import { watchReadiness } from './readiness.ts';
import { createServing, type LoadedConfig, type Serving } from './serving.ts';
import { type SimulatedProvider, startSimulatedProvider } from './simulated/provider.ts';
import { createStartedParts, type StartedParts } from './started-parts.ts';
import { isDebug, startTelemetry } from './telemetry.ts';

export interface ProxyOptions extends LoadedConfig {
  /** Closed with the proxy. */
  readonly ledger: Ledger;
  /** Where `env:` references are looked up. */
  readonly environment: Environment;
  /** Where replicas tell one another which keys and places are out. @default this one knows its own */
  readonly routerStates?: RouterStateStore;
  /** Told of every call, whichever configuration governs it. */
  readonly listeners?: readonly GovernorListener[];
  /** Wins over the configuration. */
  readonly port?: number;
  /** Wins over the configuration. */
  readonly host?: string;
  /** Where alerts wait until they have arrived. @default in memory */
  readonly alertOutbox?: Outbox;
  readonly onError: (error: unknown) => void;
  /** Takes a line for each call, when the configuration or `GENOPS_DEBUG` asks for them. */
  readonly onDebug?: (line: string) => void;
}

/** A proxy that answers. */
export interface RunningProxy {
  /** Of the configuration in force. */
  readonly governor: Governor;
  /** Undefined where the configuration has none. */
  readonly alerts: Alerts | undefined;
  readonly url: string;
  /** Replaces the configuration while calls go on: each call sees the old one or the new one. */
  readonly configurations: Configurations;
  /**
   * Says that it is not ready, takes no new calls, lets those under way finish, then closes everything. Safe
   * to call twice.
   */
  close(): Promise<void>;
  /** Ends the waiting of {@link RunningProxy.close}: calls under way end now, each with its entry. */
  hurry(): void;
}

/**
 * Starts a proxy.
 *
 * @throws {ConfigurationError} when the configuration cannot be carried out: a missing secret, a port in use
 */
export async function startProxy(options: ProxyOptions): Promise<RunningProxy> {
  const parts = createStartedParts();
  try {
    return await startIn(parts, options);
  } catch (error) {
    await parts.close();
    throw error;
  }
}

async function startIn(parts: StartedParts, options: ProxyOptions): Promise<RunningProxy> {
  const { environment, ledger, onError } = options;
  parts.add(() => ledger.close());
  const { port: wantedPort = options.config.server.port, host: ownHost = options.config.server.host } =
    options;
  const telemetry = await startTelemetry(options.config.telemetry, environment, onError);
  parts.add(() => telemetry?.close());
  const listeners = [...(options.listeners ?? [])];
  if (telemetry !== undefined) listeners.push(telemetry.telemetry);
  if (options.onDebug !== undefined && isDebug(options.config.debug, environment))
    listeners.push(createDebugListener(options.onDebug));
  const transitions = createTransitionLog();
  const listOf = createLiveLists({ fetch: (input, init) => fetch(input, init), onError });
  let accepting = true;
  // Closed after what they are told by.
  let alerts: Alerts | undefined;
  parts.add(() => alerts?.close());
  let simulated: SimulatedProvider | undefined;
  parts.add(() => simulated?.close());
  let serving = await serve(options);
  parts.add(() => serving.governor.close());
  if (options.config.alerts !== undefined) {
    alerts = await startAlerts(options.config.alerts, {
      environment,
      ledger,
      outbox: options.alertOutbox,
      keys: () => serving.governor.router.keys,
      onError,
    });
    listeners.push(alerts.listener);
    serving.governor.on(alerts.listener);
  }
  const calls = createCallsUnderWay();
  const upstream = createDispatchTransport();
  parts.add(() => upstream.close());
  const readiness = watchReadiness({ check: () => ledger.states([]) });
  parts.add(() => readiness.stop());
  const configurations = createConfigurations({
    first: options,
    now: () => new Date(),
    onError,
    apply: async (loaded) => {
      checkFixed(serving.config, loaded.config);
      const next = await serve(loaded);
      const before = serving;
      // What was learnt of keys and places stays true. Keys were registered up to now: what is told of them is newer.
      next.governor.router.merge(carriedOver(before, next, Date.now() + 1));
      serving = next;
      await before.governor.close();
    },
  });
  const server = createApp({
    serving: () => serving,
    transport: upstream.transport,
    calls,
    metricsRoute: telemetry?.metricsRoute,
    accepting: () => accepting,
    ledgerAvailable: () => readiness.available,
    configuration: configurations.state,
    onError,
  });

  async function serve(loaded: LoadedConfig): Promise<Serving> {
    if (loaded.config.providers.some(({ type }) => type === 'simulated'))
      simulated ??= await startSimulatedProvider();
    return createServing({
      ...loaded,
      ledger,
      environment,
      simulated,
      listOf,
      routerStates: options.routerStates,
      listeners,
      transitions,
      accepting: () => accepting,
      onError,
    });
  }
  await listen(server, wantedPort, ownHost);

  const hurry = new AbortController();
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    accepting = false;
    const { drainDelayMs, shutdownGraceMs: graceMs } = serving.config.server;
    await drain({ server, calls, drainDelayMs, graceMs, cut: upstream.cut, hurry: hurry.signal });
    await parts.close();
  };
  const { port } = server.address() as AddressInfo;
  const host = ownHost.includes(':') ? `[${ownHost}]` : ownHost;
  return {
    get governor() {
      return serving.governor;
    },
    alerts,
    url: `http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${port}`,
    configurations,
    close: () => (closing ??= close()),
    hurry: () => hurry.abort(),
  };
}

/** @throws {ConfigurationError} for what cannot change while the proxy runs */
function checkFixed(before: Config, next: Config): void {
  const fixed = [
    ['server.host', before.server.host, next.server.host],
    ['server.port', before.server.port, next.server.port],
    ['ledger', before.ledger, next.ledger],
    ['telemetry', before.telemetry, next.telemetry],
    ['alerts', before.alerts, next.alerts],
  ] as const;
  for (const [path, old, wanted] of fixed) {
    if (isDeepStrictEqual(old, wanted)) continue;
    throw new ConfigurationError(path, 'cannot change while the proxy runs; restart it for that');
  }
}

function listen(server: ReturnType<typeof createApp>, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') {
        reject(
          new ConfigurationError('port', `${port} is in use on ${host}; choose another with --port`, {
            cause: error,
          }),
        );
      } else if (error.code === 'EACCES') {
        reject(
          new ConfigurationError('port', `this user may not listen on ${port}; choose one above 1023`, {
            cause: error,
          }),
        );
      } else reject(error);
    });
    server.listen(port, host, () => resolve());
  });
}
