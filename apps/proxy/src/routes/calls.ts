import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Dialect } from '@genops/core';
import type { GovernedRequest, Target } from '@genops/governor';
import type { DispatchTransport } from '../dispatch-transport.ts';
import { createHttpClient } from '../http-client.ts';
import type { Serving } from '../serving.ts';
import type { VirtualKey } from '../virtual-keys.ts';
import { pathForms } from './path-forms.ts';
import { readBody } from './request-body.ts';

/** Serves one call. */
export type CallRoute = (
  request: IncomingMessage,
  response: ServerResponse,
  key: VirtualKey,
) => Promise<void>;

/** What a path is for: the format that is spoken there, and the providers that have it. */
export type FoundCall = Pick<GovernedRequest, 'dialect' | 'path' | 'targetsFor'>;

/** Finds what serves a path: every configured provider that has it, in the order of the configuration. */
export function findCall({ providers }: Serving, method: string, url: string): FoundCall | undefined {
  let dialect: Dialect | undefined;
  let path = '';
  const targets: { readonly target: Target; readonly serves: (model: string) => boolean }[] = [];
  for (const configured of providers) {
    for (const form of pathForms(url)) {
      const route = configured.find(method, form);
      if (route?.kind !== 'metered') continue;
      if (dialect === undefined) {
        dialect = route.dialect;
        path = form;
      }
      if (form !== path || route.dialect.id !== dialect.id) continue;
      const { provider, apiKey, serves } = configured;
      targets.push({ target: { provider, route, ...(apiKey !== undefined && { apiKey }) }, serves });
    }
  }
  if (dialect === undefined) return undefined;
  const targetsFor = (model: string): Target[] =>
    targets.filter(({ serves }) => serves(model)).map(({ target }) => target);
  return { dialect, path, targetsFor };
}

/** Governs calls, with or without `/v1` before their path. */
export function createCallRoute(
  transport: DispatchTransport['transport'],
): (serving: Serving, method: string, url: string) => CallRoute | undefined {
  return (serving, method, url) => {
    const found = findCall(serving, method, url);
    if (found === undefined) return undefined;
    return async (request, response, key) => {
      const governed = await readCall(serving, found, request, response, key);
      if (governed !== undefined)
        await serving.governor.govern(governed, transport, createHttpClient(response));
    };
  };
}

/** @returns undefined when the request is too large, which is answered then */
export async function readCall(
  serving: Serving,
  found: FoundCall,
  request: IncomingMessage,
  response: ServerResponse,
  key: VirtualKey,
): Promise<GovernedRequest | undefined> {
  const body = await readBody(request, response, serving.config.server.maxRequestBytes);
  if (body === undefined) return undefined;
  return {
    ...found,
    method: request.method ?? 'POST',
    headers: passedOn(request.headers),
    body,
    identity: key.attribution,
    ...traceOf(request.headers),
  };
}

/** The trace that the caller is in. It goes to telemetry; providers are not told of it. */
function traceOf({ traceparent, tracestate }: IncomingMessage['headers']): Pick<GovernedRequest, 'trace'> {
  if (typeof traceparent !== 'string') return {};
  return { trace: { traceparent, ...(typeof tracestate === 'string' && { tracestate }) } };
}

/** What a caller may say to a provider in headers. Credentials and addresses are not among it. */
const allowed = new Set([
  'content-type',
  'accept',
  'user-agent',
  'idempotency-key',
  'x-client-request-id',
  'openai-beta',
  'anthropic-version',
  'anthropic-beta',
  'http-referer',
  'x-title',
  'x-openrouter-title',
  'x-openrouter-categories',
  'x-openrouter-metadata',
  'x-session-id',
  'x-amzn-bedrock-guardrailidentifier',
  'x-amzn-bedrock-guardrailversion',
  'x-amzn-bedrock-performanceconfig-latency',
]);

/** What goes on of a caller's headers. */
export function passedOn(headers: IncomingMessage['headers']): Record<string, string> {
  const passed: Record<string, string> = { 'accept-encoding': 'identity' };
  for (const name in headers) {
    const value = headers[name];
    if (typeof value === 'string' && (allowed.has(name) || name.startsWith('x-genops-')))
      passed[name] = value;
  }
  return passed;
}
