import { createHmac } from 'node:crypto';
import { ConfigurationError } from '@genops/core';
import type { Channel, Secret } from './channel.ts';
import { reveal } from './channel.ts';
import { createHttpChannel, type HttpChannelOptions } from './http-channel.ts';

export interface WebhookChannelOptions extends HttpChannelOptions {
  readonly url: Secret;
  /** `whsec_` and 24 to 64 bytes in base64. With several, each signs: the old and the new one while they change. */
  readonly secret: Secret | readonly Secret[];
  /** Sent with each message: `authorization` … */
  readonly headers?: Readonly<Record<string, Secret>>;
}

/**
 * Posts each message as JSON, `{ type, timestamp, data }`, signed as Standard Webhooks: `webhook-id` is the same on
 * every try, `webhook-timestamp` is that of the try, and `webhook-signature` is `v1,` and the HMAC-SHA256 of
 * `id.timestamp.body`. Any Standard Webhooks library verifies it.
 *
 * @throws {ConfigurationError} when a secret is empty or too short: a signature with it would prove nothing
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md (a stored copy, in excerpts, 2026-11-30)
 */
export function createWebhookChannel(options: WebhookChannelOptions): Channel {
  const { id, url, secret, headers = {} } = options;
  const given = typeof secret === 'string' || typeof secret === 'function' ? [secret] : secret;
  if (given.length === 0) throw new ConfigurationError(`channel "${id}"`, 'it needs a secret to sign with');
  for (const one of given) if (typeof one === 'string') keyOf(id, one);
  return createHttpChannel(
    options,
    url,
    (message, at) => {
      const body = JSON.stringify({ type: `alert.${message.status}`, timestamp: message.at, data: message });
      const seconds = String(Math.floor(at.getTime() / 1_000));
      const signed = `${message.id}.${seconds}.${body}`;
      const signatures = given.map(
        (one) =>
          `v1,${createHmac('sha256', keyOf(id, reveal(one)))
            .update(signed)
            .digest('base64')}`,
      );
      const own = Object.entries(headers).map(([name, value]) => [name, reveal(value)] as const);
      return {
        body,
        headers: {
          ...Object.fromEntries(own),
          'webhook-id': message.id,
          'webhook-timestamp': seconds,
          'webhook-signature': signatures.join(' '),
        },
      };
    },
    () => [...given, ...Object.values(headers)].map(reveal),
  );
}

const prefix = 'whsec_';

function keyOf(id: string, secret: string): Buffer {
  const text = secret.startsWith(prefix) ? secret.slice(prefix.length) : secret;
  const key = Buffer.from(text, 'base64');
  const isBase64 =
    /^[A-Za-z0-9+/]+={0,2}$/.test(text) &&
    key.toString('base64').replace(/=+$/, '') === text.replace(/=+$/, '');
  if (!isBase64 || key.length < 24 || key.length > 64) {
    throw new ConfigurationError(
      `channel "${id}"`,
      'expected a secret of 24 to 64 bytes in base64 after "whsec_", such as `openssl rand -base64 32` prints',
    );
  }
  return key;
}
