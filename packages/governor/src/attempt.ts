import { type AnswerFacts, hasErrorCode, type StreamFacts, type StreamReader } from '@genops/core';
import { forwardedHeaders, returnedHeaders } from './headers.ts';
import type { IdentifiedCall } from './identify.ts';
import type { LineOptions, Target } from './line.ts';
import type { Plan } from './plan.ts';
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
      readonly headers: Headers;
      readonly body: Uint8Array;
      readonly facts: AnswerFacts;
    }
  /** A stream that was passed on, all but its last bytes. */
  | {
      readonly result: 'streamed';
      readonly status: number;
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
}

/** Builds what goes out: the caller's bytes, changed only where the line needs it. */
function outboundRequest({ plan, identified, limits }: AttemptOptions): OutboundRequest {
  const { request, opened } = identified;
  const { provider } = plan.route.target;
  return {
    method: request.method,
    url: provider.baseUrl + request.path,
    headers: outboundHeaders(identified, plan.route.target),
    body: provider.isSigned?.(request.headers)
      ? request.body
      : opened.rewrite({
          ...(opened.facts.stream && { reportUsage: true }),
          ...(plan.maxOutputTokens !== undefined && { maxOutputTokens: plan.maxOutputTokens }),
        }),
    timeoutMs: limits.timeoutMs,
  };
}

/** The caller's headers on top of what the provider wants of every call, with our key in place of theirs. */
export function outboundHeaders({ request }: IdentifiedCall, { provider, apiKey }: Target): Headers {
  return {
    ...provider.headers,
    ...forwardedHeaders(request.headers),
    ...(apiKey !== undefined && provider.authorize(apiKey.secret)),
  };
}

/**
 * Sends the request once. A stream is passed on as it comes and read on the way; its last bytes are kept
 * back until the call is settled, so that whoever has seen the end finds the entry. Any other answer is
 * collected whole, because its headers say what it cost.
 */
export function attempt(options: AttemptOptions): Promise<Attempt> {
  const { plan, identified, transport, client, limits } = options;
  const { provider, route } = plan.route.target;
  const { dialect } = route;
  return new Promise((resolve, reject) => {
    let flow: Flow | undefined;
    let status = 0;
    let headers: Headers = {};
    let headFacts: AnswerFacts = {};
    let reader: StreamReader | undefined;
    const rest: Uint8Array[] = [];
    let collected: Uint8Array[] = [];
    let collectedBytes = 0;
    let finished = false;

    const finish = (error: TransportError | undefined, cancelled: boolean): void => {
      if (finished) return;
      finished = true;
      client.gone.removeEventListener('abort', onGone);
      if (reader !== undefined) {
        rest.push(...(error === undefined ? reader.flush() : []));
        resolve({
          result: 'streamed',
          status,
          facts: { ...headFacts, ...reader.facts() },
          rest,
          cancelled,
          ...(error !== undefined && { broken: error }),
        });
      } else if (error !== undefined) {
        resolve({ result: 'failed', error, cancelled, facts: headFacts });
      } else {
        const body = collected.length === 1 ? (collected[0] as Uint8Array) : Buffer.concat(collected);
        resolve({
          result: 'answered',
          status,
          headers,
          body,
          facts: { ...headFacts, ...readWhole(body, status, dialect.readAnswer) },
        });
      }
    };
    const onGone = (): void => {
      flow?.abort();
      finish({ kind: status === 0 ? 'no_answer' : 'broken', message: 'The caller went away' }, true);
    };
    const pass = (chunks: readonly Uint8Array[]): void => {
      for (const chunk of chunks) if (!client.write(chunk)) flow?.pause();
    };

    if (client.gone.aborted) {
      resolve({
        result: 'failed',
        error: { kind: 'not_sent', message: 'The caller went away' },
        cancelled: true,
        facts: headFacts,
      });
      return;
    }
    client.gone.addEventListener('abort', onGone, { once: true });
    client.onDrained(() => flow?.resume());
    const answer: AnswerHandler = {
      head: (answerStatus, answerHeaders) => {
        status = answerStatus;
        headers = returnedHeaders(answerHeaders);
        headFacts = provider.readHead?.(headers) ?? {};
        if (identified.opened.facts.stream && isStream(status, headers)) {
          reader = dialect.createStreamReader({ withholdUsage: !identified.opened.usageRequested });
          client.head(status, { ...headers, ...options.headers });
        }
      },
      data: (chunk) => {
        if (finished) return;
        if (reader !== undefined) {
          const passed = reader.push(chunk);
          if (rest.length > 0 || reader.facts().complete) rest.push(...passed);
          else pass(passed);
          return;
        }
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
    flow = transport(
      outboundRequest(options),
      guarded(answer, (error) => {
        flow?.abort();
        reject(error);
      }),
    );
  });
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
