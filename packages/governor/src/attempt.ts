import { type AnswerFacts, hasErrorCode, type StreamFacts, type StreamReader } from '@genops/core';
import type { StreamTranslator, Translation } from '@genops/dialects';
import type { AttemptContext } from '@genops/router';
import type { Candidate } from './estimate.ts';
import { filledPath } from './filled-path.ts';
import { forwardedHeaders, forwardedToOthers, returnedHeaders } from './headers.ts';
import type { IdentifiedCall } from './identify.ts';
import type { LineOptions, Target } from './line.ts';
import type { Plan } from './plan.ts';
import { signing } from './signing.ts';
import { watchSilence } from './silence.ts';
import type {
  AnswerHandler,
  Client,
  Flow,
  Headers,
  OutboundRequest,
  Transport,
  TransportError,
} from './transport.ts';

/** How an attempt went, as far as bytes tell. */
export type Attempt =
  /** A whole answer, not yet passed on. */
  | {
      readonly result: 'answered';
      readonly status: number;
      readonly firstByteMs?: number;
      readonly headers: Headers;
      readonly body: Uint8Array;
      /** What the caller gets instead, when the provider speaks another way. */
      readonly translated?: Uint8Array;
      readonly facts: AnswerFacts;
    }
  /** A stream that was passed on, all but its last bytes; or one that began with an error. */
  | {
      readonly result: 'streamed';
      readonly status: number;
      readonly headers: Headers;
      /** False when nothing of it went to the caller yet, who may still get another answer. */
      readonly begun: boolean;
      readonly firstByteMs?: number;
      readonly facts: StreamFacts;
      readonly rest: readonly Uint8Array[];
      readonly broken?: TransportError;
      readonly cancelled: boolean;
    }
  /** No answer at all. */
  | {
      readonly result: 'failed';
      readonly error: TransportError;
      readonly cancelled: boolean;
      /** What its head told, when that had come. */
      readonly facts: AnswerFacts;
    };

export interface AttemptOptions {
  readonly plan: Plan;
  readonly identified: IdentifiedCall;
  readonly transport: Transport;
  readonly client: Client;
  readonly limits: LineOptions;
  /** Our own headers, for the head of a stream. */
  readonly headers: Headers;
  /** What the router says about this attempt. */
  readonly context: Pick<AttemptContext, 'remainingMs' | 'firstByteMs' | 'signal' | 'claim'>;
}

/** Builds what goes out. */
function outboundRequest({ plan, identified, context }: AttemptOptions): OutboundRequest {
  const { request } = identified;
  const { provider } = plan.route.target;
  return {
    method: request.method,
    url: provider.baseUrl + outboundPath(identified, plan.route),
    headers: outboundHeaders(identified, plan.route.target),
    body: outboundBody(identified, plan),
    timeoutMs: context.remainingMs,
  };
}

function outboundBody(identified: IdentifiedCall, plan: Plan): Uint8Array {
  const { provider, route } = plan.route.target;
  const body = plan.route.translated ?? ownBody(identified, plan);
  return route.adapt === undefined || provider.id === identified.addressed ? body : route.adapt(body);
}

/** The caller's bytes, changed only where the line needs it. */
function ownBody({ request, opened, call }: IdentifiedCall, { route, maxOutputTokens }: Plan): Uint8Array {
  const { provider, apiKey } = route.target;
  if (apiKey === undefined && provider.isSigned?.(request.headers)) return request.body;
  return opened.rewrite({
    ...(opened.facts.stream && provider.streamsTellUsage !== true && { reportUsage: true }),
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    ...(route.requestModel !== call.requestModel && { model: route.requestModel }),
  });
}

/** The caller's own path where the caller's own provider is asked; elsewhere that of the route, filled in. */
function outboundPath(identified: IdentifiedCall, { target, requestModel }: Candidate): string {
  const { request, opened, call, addressed } = identified;
  const { provider, route, translation } = target;
  if (translation === undefined && provider.id === addressed) {
    return requestModel === call.requestModel
      ? request.path
      : (opened.rewritePath?.({ model: requestModel }) ?? request.path);
  }
  const path = filledPath(route.path, requestModel);
  return opened.facts.stream && path.includes(':stream') ? `${path}?alt=sse` : path;
}

/**
 * The caller's headers on top of what the provider wants of every call, with our key in place of theirs.
 * Credentials go to nobody but the provider that the caller addressed.
 */
export function outboundHeaders(
  { request, addressed }: IdentifiedCall,
  { provider, apiKey }: Target,
): Headers {
  const forward = provider.id === addressed ? forwardedHeaders : forwardedToOthers;
  return {
    ...provider.headers,
    ...forward(request.headers),
    ...(apiKey !== undefined && provider.authorize(apiKey.secret)),
  };
}

/**
 * Sends the request once. A stream is passed on as it comes, from its first output on: until then another
 * attempt can take its place. It is read on the way; its last bytes are kept back until the call is
 * settled, so that whoever has seen the end finds the entry. Any other answer is collected whole, because
 * its headers say what it cost.
 */
export function attempt(options: AttemptOptions): Promise<Attempt> {
  const { plan, identified, transport, client, limits, context } = options;
  const { provider, route, translation } = plan.route.target;
  const { dialect } = route;
  return new Promise((resolve, reject) => {
    const startedAtMs = performance.now();
    let flow: Flow | undefined;
    let status = 0;
    let headers: Headers = {};
    let headFacts: AnswerFacts = {};
    let reader: StreamReader | undefined;
    /** Turns the provider's stream into the caller's. */
    let stream: StreamTranslator | undefined;
    let begun = false;
    let firstByteMs: number | undefined;
    let rest: Uint8Array[] = [];
    let keptBytes = 0;
    let collected: Uint8Array[] = [];
    let collectedBytes = 0;
    let finished = false;

    const silence = watchSilence(context.firstByteMs, limits.idleTimeoutMs, (silentMs) => {
      const kind = flow?.unsent === true ? 'not_sent' : 'timeout';
      flow?.abort();
      finish({ kind, message: `The provider was silent for ${silentMs} ms` }, false);
    });
    const timed = () => (firstByteMs === undefined ? {} : { firstByteMs });

    const finish = (error: TransportError | undefined, cancelled: boolean): void => {
      if (finished) return;
      finished = true;
      silence.end();
      context.signal.removeEventListener('abort', onGone);
      if (reader !== undefined) finishStream(reader, error, cancelled);
      else if (error !== undefined) resolve({ result: 'failed', error, cancelled, facts: headFacts });
      else {
        const body = collected.length === 1 ? (collected[0] as Uint8Array) : Buffer.concat(collected);
        const facts = { ...headFacts, ...readWhole(body, status, dialect.readAnswer) };
        const translated = translation && translateWhole(translation, status, body);
        resolve({
          result: 'answered',
          status,
          headers,
          body,
          facts,
          ...timed(),
          ...(translated !== undefined && { translated }),
        });
      }
    };
    const finishStream = (
      read: StreamReader,
      error: TransportError | undefined,
      cancelled: boolean,
    ): void => {
      if (error === undefined) {
        const last = read.flush();
        rest.push(...(stream === undefined ? last : stream.flush()));
      }
      const facts = { ...headFacts, ...read.facts() };
      const broken = error ?? (isCut(facts) ? cutShort : undefined);
      if (broken !== undefined && !begun) {
        resolve({ result: 'failed', error: broken, cancelled, facts });
        return;
      }
      resolve({
        result: 'streamed',
        status,
        headers,
        begun,
        facts,
        rest,
        cancelled,
        ...timed(),
        ...(broken !== undefined && { broken }),
      });
    };
    /** Aborted when the caller goes away, and when another attempt was first. */
    const onGone = (): void => {
      const kind = flow?.unsent === true ? 'not_sent' : status === 0 ? 'no_answer' : 'broken';
      flow?.abort();
      finish({ kind, message: 'The caller went away' }, true);
    };
    const pass = (chunks: readonly Uint8Array[]): void => {
      for (const chunk of chunks) {
        if (client.write(chunk)) continue;
        silence.suspend();
        flow?.pause();
      }
    };
    const readStream = (read: StreamReader, chunk: Uint8Array): void => {
      const came = read.push(chunk);
      const passed = stream === undefined ? came : stream.push(chunk);
      const facts = read.facts();
      if (!begun) {
        rest.push(...passed);
        keptBytes += chunk.byteLength;
        const shows = facts.outputEvents > 0 || keptBytes > mostKeptBytes;
        if (facts.error !== undefined || facts.complete || !shows) return;
        if (!context.claim()) {
          onGone();
          return;
        }
        begun = true;
        client.onDrained(() => {
          silence.heard();
          flow?.resume();
        });
        client.head(status, { ...headers, ...options.headers });
        pass(rest);
        rest = [];
      } else if (rest.length > 0 || facts.complete) rest.push(...passed);
      else pass(passed);
    };

    if (context.signal.aborted) {
      silence.end();
      resolve({
        result: 'failed',
        error: { kind: 'not_sent', message: 'The caller went away' },
        cancelled: true,
        facts: headFacts,
      });
      return;
    }
    context.signal.addEventListener('abort', onGone, { once: true });
    const answer: AnswerHandler = {
      head: (answerStatus, answerHeaders) => {
        status = answerStatus;
        headers = returnedHeaders(answerHeaders);
        headFacts = provider.readHead?.(headers) ?? {};
        if (identified.opened.facts.stream && isStream(status, headers)) {
          const { usageRequested } = identified.opened;
          const isAsked = usageRequested || provider.streamsTellUsage === true;
          stream = translation?.stream({ usage: usageRequested });
          reader = dialect.createStreamReader({ withholdUsage: stream === undefined && !isAsked });
        }
      },
      data: (chunk) => {
        if (finished) return;
        firstByteMs ??= performance.now() - startedAtMs;
        silence.heard();
        if (reader !== undefined) return readStream(reader, chunk);
        collectedBytes += chunk.byteLength;
        if (collectedBytes > limits.maxAnswerBytes) {
          flow?.abort();
          collected = [];
          finish(
            { kind: 'too_large', message: `The answer is larger than ${limits.maxAnswerBytes} bytes` },
            false,
          );
          return;
        }
        collected.push(chunk);
      },
      end: () => finish(undefined, false),
      error: (error) => finish(error, false),
    };
    flow = signing(transport, plan.route.target)(
      outboundRequest(options),
      guarded(answer, (error) => {
        flow?.abort();
        silence.end();
        reject(error);
      }),
    );
  });
}

/** The most of a stream that is kept back while it shows no output. */
const mostKeptBytes = 65_536;

const cutShort: TransportError = { kind: 'broken', message: 'The stream ended before its end' };

/** Ended in good order, but neither with the format's own end nor with the usage that comes last. */
function isCut({ complete, usage, usageProblem, error }: StreamFacts): boolean {
  return !complete && usage === undefined && usageProblem === undefined && error === undefined;
}

/** What goes wrong while an answer is read ends the attempt: it must not get lost in the transport. */
function guarded(answer: AnswerHandler, fail: (error: unknown) => void): AnswerHandler {
  const guard =
    <Values extends unknown[]>(handle: (...values: Values) => void) =>
    (...values: Values): void => {
      try {
        handle(...values);
      } catch (error) {
        fail(error);
      }
    };
  return {
    head: guard(answer.head),
    data: guard(answer.data),
    end: guard(answer.end),
    error: guard(answer.error),
  };
}

/** What cannot be read cannot be translated: it goes on as it came, and counts as no answer. */
function translateWhole(translation: Translation, status: number, body: Uint8Array): Uint8Array | undefined {
  if (status >= 300) return translation.error(status, body);
  try {
    return translation.answer(body);
  } catch (error) {
    if (hasErrorCode(error, 'invalid_request')) return undefined;
    throw error;
  }
}

function isStream(status: number, headers: Headers): boolean {
  return status < 300 && !(headers['content-type'] ?? '').includes('application/json');
}

/** Counters that cannot be do not end the call: it is settled for what it is. */
function readWhole(body: Uint8Array, status: number, read: (bytes: Uint8Array) => AnswerFacts): AnswerFacts {
  if (status >= 300) return {};
  try {
    return read(body);
  } catch (error) {
    if (!hasErrorCode(error, 'invalid_usage')) throw error;
    return { usageProblem: error.message };
  }
}
