import { ConfigurationError } from '@genops/core';
import type { AlertMessage } from '../delivery/message.ts';
import { type AddressGuardOptions, createAddressGuard } from '../http/address-guard.ts';
import { post } from '../http/post.ts';
import { retryAfterMs } from '../http/retry-after.ts';
import type { Severity } from '../rules/schema.ts';
import { hide, plain } from '../text/plain.ts';
import { type Channel, DeliveryError, reveal, type Secret } from './channel.ts';

/** What all channels have in common that post over HTTP. */
export interface HttpChannelOptions {
  /** What rules and the outbox call it. */
  readonly id: string;
  /** Less grave alerts are not sent here. @default 'info' */
  readonly minimumSeverity?: Severity;
  /** Host names, addresses and ranges that may be sent to although they are not on the public Internet. */
  readonly allowAddresses?: readonly string[];
  /** @default that of the system */
  readonly lookup?: AddressGuardOptions['lookup'];
}

export interface HttpRequest {
  readonly headers?: Readonly<Record<string, string>>;
  /** Text goes out as it is. */
  readonly body: object | string;
}

/**
 * A channel that posts JSON.
 *
 * @param url - often a secret itself
 * @param toRequest - what to post for a message
 * @param secrets - what else must not be in an error
 * @throws {ConfigurationError} when the URL is given as text and is none
 */
export function createHttpChannel(
  options: HttpChannelOptions,
  url: Secret,
  toRequest: (message: AlertMessage, at: Date) => HttpRequest,
  secrets: () => readonly string[] = () => [],
): Channel {
  const { id, minimumSeverity, allowAddresses, lookup } = options;
  const guard = createAddressGuard({
    ...(allowAddresses !== undefined && { allow: allowAddresses }),
    ...(lookup !== undefined && { lookup }),
  });
  if (typeof url === 'string') urlOf(id, url);
  return {
    id,
    ...(minimumSeverity !== undefined && { minimumSeverity }),
    async send(message, { signal, at }) {
      const target = urlOf(id, reveal(url));
      const hidden = [target.href, target.pathname, target.search, ...secrets()];
      const { headers, body } = toRequest(message, at);
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      const said = await post({
        url: target,
        headers: { 'content-type': 'application/json', 'user-agent': 'genops-alerts', ...headers },
        body: text,
        signal,
        guard,
      }).catch((error: unknown) => {
        throw failure(id, hidden, error);
      });
      if (said.status >= 200 && said.status < 300) return;
      const what = plain(said.body, 200).trim();
      const why = hide(`Channel "${id}" answered ${said.status}${what === '' ? '' : `: ${what}`}`, hidden);
      const wait = retryAfterMs(said.headers['retry-after'], at.getTime());
      throw new DeliveryError(why, {
        permanent: !mayPass(said.status),
        ...(wait !== undefined && { retryAfterMs: wait }),
      });
    },
  };
}

/** Statuses that may be different next time. A redirect is not followed, and will be one again. */
function mayPass(status: number): boolean {
  return status >= 500 || status === 408 || status === 425 || status === 429;
}

/** What a connection's error says, without what it must not; the error itself is not passed on. */
export function failure(id: string, secrets: readonly string[], error: unknown): DeliveryError {
  const text = error instanceof Error ? error.message : String(error);
  const why = hide(`Channel "${id}": ${plain(text, 300)}`, secrets);
  return new DeliveryError(why, { permanent: error instanceof DeliveryError && error.permanent });
}

function urlOf(id: string, text: string): URL {
  if (!URL.canParse(text)) throw new ConfigurationError(`channel "${id}"`, 'its url is not a URL');
  return new URL(text);
}
