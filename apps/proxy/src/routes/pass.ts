import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Provider, ProviderRoute } from '@genops/core';
import {
  type OutboundRequest,
  type ResultsReader,
  signing,
  type TransportError,
  type UploadReader,
} from '@genops/governor';
import type { ConfiguredProvider } from '../app.ts';
import type { DispatchTransport } from '../dispatch-transport.ts';
import { sendError } from '../send.ts';
import type { Serving } from '../serving.ts';
import { type CallRoute, passedOn } from './calls.ts';
import { type PassKey, passKey } from './pass-key.ts';
import { pathForms } from './path-forms.ts';
import { readBody } from './request-body.ts';

type PassedRoute = Exclude<ProviderRoute, { kind: 'metered' }>;

interface Passage {
  readonly configured: ConfiguredProvider;
  readonly route: PassedRoute;
  readonly path: string;
}

/**
 * Serves what costs nothing: counts of tokens, checks, and, where a provider's `account` is open to all keys,
 * what that account keeps. Results of batches are booked while they pass.
 */
export function createPassRoute(
  transport: DispatchTransport['transport'],
): (serving: Serving, method: string, url: string) => CallRoute | undefined {
  return (serving, method, url) => {
    const passages = serving.providers.flatMap((configured) =>
      pathForms(url).flatMap((path): readonly Passage[] => {
        const route = configured.find(method, path);
        return route === undefined || route.kind === 'metered' ? [] : [{ configured, route, path }];
      }),
    );
    if (passages.length === 0) return undefined;
    return async (request, response, { attribution }) => {
      const body = await readBody(request, response, serving.config.server.maxRequestBytes);
      if (body === undefined) return;
      const passage = passages.find(({ configured, path }) => serves(configured, path, body)) ?? passages[0];
      if (passage === undefined) return;
      const refused = refusalOf(passage);
      if (refused !== undefined) {
        response.setHeader('x-genops-reason', `x_${refused.code}`);
        return sendError(response, 403, 'permission_error', refused.code, refused.message);
      }
      const key = passKey(serving, passage.configured, modelIn(passage.path, body), attribution.team);
      if (key === 'none') {
        const message = `No key of ${passage.configured.provider.id} can be used now`;
        return sendError(response, 503, 'api_error', 'no_key_available', message);
      }
      await pass(serving, transport, passage, key, {
        request,
        response,
        body,
      });
    };
  };
}

/** Whether the model that a request names is one of the provider's; one without a model is anybody's. */
function serves({ serves: servesModel }: ConfiguredProvider, path: string, body: Uint8Array): boolean {
  const model = modelIn(path, body);
  return model === undefined || servesModel(model);
}

function modelIn(path: string, body: Uint8Array): string | undefined {
  const inPath = /\/models?\/([^/:?]+)/.exec(path)?.[1];
  return inPath ?? /"model"\s*:\s*"([^"\\]+)"/.exec(Buffer.from(body).toString('utf8'))?.[1];
}

function refusalOf({ configured, route }: Passage): { code: string; message: string } | undefined {
  if (route.kind === 'refused') return { code: 'unmetered', message: route.reason };
  const reachesAccount = route.kind === 'results' || route.reach === 'account';
  if (!reachesAccount || configured.sharesAccount) return undefined;
  const { id } = configured.provider;
  const message = `${route.method} ${route.path} reaches what all keys of this proxy keep at ${id}; "account: shared" at that provider allows it`;
  return { code: 'account_not_shared', message };
}

interface Asked {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: Uint8Array;
}

/** Sends a request on with the provider's own key, and its answer back as it comes. */
async function pass(
  { governor, config }: Serving,
  transport: DispatchTransport['transport'],
  { configured, route, path }: Passage,
  { apiKey, answered, unanswered }: PassKey,
  { request, response, body }: Asked,
): Promise<void> {
  const { provider } = configured;
  const { 'accept-encoding': _, ...headers } = passedOn(request.headers);
  const outbound: OutboundRequest = {
    method: request.method ?? 'GET',
    url: provider.baseUrl + path,
    headers: {
      ...provider.headers,
      ...withoutOurs(headers),
      'accept-encoding': 'identity',
      ...(apiKey !== undefined && provider.authorize(apiKey.secret)),
    },
    body: body.byteLength === 0 ? undefined : body,
    timeoutMs: config.server.timeoutMs,
  };
  const resultsOf = (contentType: string | undefined): ResultsReader | undefined =>
    route.kind === 'results' ? governor.readResults({ provider, route, path, contentType }) : undefined;
  const noted =
    route.kind === 'free' && route.upload !== undefined
      ? governor.readUpload(route.upload, body, headers['content-type'])
      : undefined;
  await new Promise<void>((resolve) => {
    const rewritten =
      route.kind === 'free' && route.operation === 'batch' ? ownLinks(provider, request) : undefined;
    const outgoing = createOutgoing(response, { resultsOf, noted, rewrite: rewritten }, resolve);
    const signed = signing(transport, { provider, ...(apiKey !== undefined && { apiKey }) });
    const flow = signed(outbound, {
      head: (status, answerHeaders) => {
        answered(status, answerHeaders);
        outgoing.head(status, answerHeaders);
      },
      data: (chunk) => {
        flow.pause();
        void outgoing.write(chunk).then(() => flow.resume());
      },
      end: () => void outgoing.end(),
      error: (error) => {
        unanswered();
        outgoing.fail(error);
      },
    });
    response.once('close', () => {
      unanswered();
      if (!response.writableFinished) flow.abort();
      resolve();
    });
  });
}

interface Outgoing {
  head(status: number, headers: Readonly<Record<string, string>>): void;
  /** Resolves when more can come. */
  write(chunk: Uint8Array): Promise<void>;
  end(): Promise<void>;
  fail(error: TransportError): void;
}

/** What an answer that costs nothing is read for, or changed. */
interface OnTheWay {
  readonly resultsOf: (contentType: string | undefined) => ResultsReader | undefined;
  /** Takes the whole answer to an upload. */
  readonly noted: UploadReader | undefined;
  readonly rewrite: ((text: string) => string) | undefined;
}

/** Nobody sees of results what is not booked. */
function createOutgoing(
  response: ServerResponse,
  { resultsOf, noted, rewrite }: OnTheWay,
  done: () => void,
): Outgoing {
  let reader: ResultsReader | undefined;
  let isWell = false;
  const collected: Uint8Array[] = [];
  let written: Promise<void> = Promise.resolve();
  const after = (step: () => Promise<void>): Promise<void> => (written = written.then(step));
  return {
    head(status, headers) {
      isWell = status < 300;
      if (isWell) reader = resultsOf(headers['content-type']);
      const ours = rewrite === undefined ? ofOneHop : [...ofOneHop, 'content-length'];
      const rest = Object.entries(headers).filter(([name]) => !ours.includes(name));
      response.writeHead(status, Object.fromEntries(rest));
    },
    write: (chunk) =>
      after(async () => {
        await reader?.push(chunk);
        if (rewrite !== undefined || noted !== undefined) collected.push(chunk);
        if (rewrite !== undefined) return;
        if (response.destroyed || response.write(chunk)) return;
        await new Promise<void>((resolve) => {
          response.once('drain', resolve);
          response.once('close', resolve);
        });
      }),
    end: () =>
      after(async () => {
        await reader?.end();
        if (isWell) noted?.(Buffer.concat(collected));
        if (rewrite !== undefined) response.write(rewrite(Buffer.concat(collected).toString('utf8')));
        response.end(done);
      }),
    fail({ kind, message }) {
      const code = kind === 'misconfigured' ? 'provider_misconfigured' : 'provider_unreachable';
      if (response.headersSent) response.destroy();
      else sendError(response, 502, 'api_error', code, message);
      done();
    },
  };
}

/** Where results are is said with the provider's own address; callers of this proxy find them here. */
function ownLinks({ baseUrl }: Provider, { headers }: IncomingMessage): (text: string) => string {
  const scheme = headers['x-forwarded-proto'] === 'https' ? 'https' : 'http';
  const theirs = `"results_url":"${baseUrl}/`;
  const ours = `"results_url":"${scheme}://${headers.host ?? 'localhost'}/`;
  return (text) => text.replace(/"results_url"\s*:\s*"/g, '"results_url":"').replaceAll(theirs, ours);
}

const ofOneHop = ['connection', 'keep-alive', 'transfer-encoding'];

function withoutOurs(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith('x-genops-')));
}
