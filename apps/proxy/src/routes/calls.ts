import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Dialect } from '@genops/core';
import { createRouteFinder, type GovernedRequest, type Target } from '@genops/governor';
import type { AppOptions } from '../app.ts';
import { createHttpClient } from '../http-client.ts';
import { sendError } from '../send.ts';
import type { VirtualKey } from '../virtual-keys.ts';
import { pathForms } from './path-forms.ts';

/** Serves one call. */
export type CallRoute = (
  request: IncomingMessage,
  response: ServerResponse,
  key: VirtualKey,
) => Promise<void>;

/** Finds what serves a path: every configured provider that has it, in the order of the configuration. */
export function createCallRoute(options: AppOptions): (method: string, url: string) => CallRoute | undefined {
  const finders = options.providers.map((configured) => ({
    configured,
    find: createRouteFinder(configured.provider),
  }));
  return (method, url) => {
    let dialect: Dialect | undefined;
    let path = '';
    const targets: { readonly target: Target; readonly serves: (model: string) => boolean }[] = [];
    for (const { configured, find } of finders) {
      for (const form of pathForms(url)) {
        const route = find(method, form);
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
    const spoken = dialect;
    const targetsFor = (model: string): Target[] =>
      targets.filter(({ serves }) => serves(model)).map(({ target }) => target);
    return async (request, response, key) => {
      const body = await readBody(request, options.maxRequestBytes);
      if (body === undefined) {
        response.setHeader('connection', 'close');
        const message = `The request is larger than ${options.maxRequestBytes} bytes`;
        sendError(response, 413, 'invalid_request_error', 'request_too_large', message);
        return;
      }
      const governed: GovernedRequest = {
        method,
        path,
        headers: passedOn(request.headers),
        body,
        dialect: spoken,
        targetsFor,
        identity: key.attribution,
      };
      await options.governor.govern(governed, options.transport, createHttpClient(response));
    };
  };
}

/** @returns undefined when the body is too large; what its length header claims is not believed */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Uint8Array | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.byteLength;
      if (bytes > maxBytes) {
        request.removeAllListeners('data');
        request.resume();
        resolve(undefined);
        return;
      }
      chunks.push(chunk);
    });
    request.on('end', () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
    request.on('error', reject);
  });
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
