import { hasErrorCode, type Provider } from '@genops/core';
import type { AnswerHandler, Flow, Transport } from './transport.ts';

/** Whom a request goes to, and with which key. */
export interface Signatory {
  readonly provider: Provider;
  readonly apiKey?: { readonly secret: string };
}

/**
 * A transport whose attempts are signed, each anew, where the provider wants that. What a refusal repeats of a
 * signature's headers is struck out: some providers show the whole request that they think was signed.
 */
export function signing(transport: Transport, { provider, apiKey }: Signatory): Transport {
  const sign = provider.sign?.bind(provider);
  if (sign === undefined) return transport;
  return (request, answer) => {
    if (apiKey === undefined && request.headers['authorization'] !== undefined)
      return transport(request, answer);
    let flow: Flow | undefined;
    let aborted = false;
    let paused = false;
    const startedAtMs = performance.now();
    const late = setTimeout(() => {
      aborted = true;
      answer.error({ kind: 'not_sent', message: `There was no signature in ${request.timeoutMs} ms` });
    }, request.timeoutMs);
    late.unref();
    void sign(request, apiKey?.secret)
      .finally(() => clearTimeout(late))
      .then(
        (added) => {
          if (aborted) return;
          const timeoutMs = Math.max(1, request.timeoutMs - (performance.now() - startedAtMs));
          const signed = { ...request, headers: { ...request.headers, ...added }, timeoutMs };
          flow = transport(signed, discreet(answer, Object.values(added)));
          if (paused) flow.pause();
        },
        (cause: unknown) => {
          if (!aborted) answer.error(notSigned(cause));
        },
      );
    return {
      get unsent() {
        return flow === undefined;
      },
      pause: () => {
        paused = true;
        flow?.pause();
      },
      resume: () => {
        paused = false;
        flow?.resume();
      },
      abort: () => {
        aborted = true;
        clearTimeout(late);
        flow?.abort();
      },
    };
  };
}

/** Nothing went out, and nothing will while this is so. */
function notSigned(cause: unknown): Parameters<AnswerHandler['error']>[0] {
  const message = cause instanceof Error ? cause.message : String(cause);
  return {
    kind: hasErrorCode(cause, 'invalid_configuration') ? 'misconfigured' : 'not_sent',
    message,
    cause,
  };
}

/** Shorter values are dates and names, which nobody has to hide. */
const shortestSecret = 20;
/** Of a refusal that is looked through; what is longer is not passed on further. */
const mostOfRefusal = 1_048_576;

function discreet(answer: AnswerHandler, values: readonly string[]): AnswerHandler {
  const secrets = secretsIn(values);
  let refusal: Uint8Array[] | undefined;
  let bytes = 0;
  return {
    head: (status, headers) => {
      if (status < 400) return answer.head(status, headers);
      refusal = [];
      const { 'content-length': _, ...others } = headers;
      answer.head(status, others);
    },
    data: (chunk) => {
      if (refusal === undefined) return answer.data(chunk);
      bytes += chunk.byteLength;
      if (bytes <= mostOfRefusal) refusal.push(chunk);
    },
    end: () => {
      if (refusal !== undefined && refusal.length > 0) answer.data(withoutAny(secrets, refusal));
      answer.end();
    },
    error: answer.error,
  };
}

/** Whole values, and within them what looks like the id of a key; JSON may have its slashes escaped. */
function secretsIn(values: readonly string[]): readonly string[] {
  const ids = values.flatMap((value) => value.split(/[\s,;=/]+/).filter((part) => /[A-Z]/.test(part)));
  return [...values, ...ids]
    .filter(({ length }) => length >= shortestSecret)
    .flatMap((secret) => (secret.includes('/') ? [secret, secret.replaceAll('/', '\\/')] : [secret]));
}

function withoutAny(secrets: readonly string[], chunks: readonly Uint8Array[]): Uint8Array {
  const text = Buffer.concat(chunks).toString('utf8');
  return Buffer.from(secrets.reduce((rest, secret) => rest.replaceAll(secret, '***'), text));
}
