import { type Attribution, type AttributionDimension, attributionDimensions } from '@genops/core';
import type { Headers } from './transport.ts';

const prefix = 'x-genops-';
const tagPrefix = 'x-genops-tag-';

/** `customerId` ↔ `x-genops-customer-id`. `keyId` cannot be claimed by a header. */
const dimensionByHeader: ReadonlyMap<string, AttributionDimension> = new Map(
  attributionDimensions
    .filter((dimension) => dimension !== 'keyId')
    .map((dimension) => [
      prefix + dimension.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
      dimension,
    ]),
);

/** Attributes that a call carries in its headers: `x-genops-team`, `x-genops-tag-<name>` … */
export function attributionFromHeaders(headers: Headers): Attribution {
  let found: Record<string, unknown> | undefined;
  let tags: Record<string, string> | undefined;
  for (const name in headers) {
    if (!name.startsWith(prefix)) continue;
    const value = headers[name] as string;
    const dimension = dimensionByHeader.get(name);
    if (dimension !== undefined) {
      found ??= {};
      found[dimension] = value;
    } else if (name.startsWith(tagPrefix)) {
      tags ??= {};
      tags[name.slice(tagPrefix.length)] = value;
    }
  }
  return (tags === undefined ? (found ?? {}) : { ...found, tags }) as Attribution;
}

/** Headers that belong to one connection, or that whoever sends the message sets anew. */
const ofOneHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'host',
  'content-length',
  'expect',
]);

/** What goes on to the provider: everything but this hop's headers and our own. */
export function forwardedHeaders(headers: Headers): Record<string, string> {
  return without(headers, (name) => ofOneHop.has(name) || name.startsWith(prefix));
}

/** Headers that a caller proves with who they are, or that only one provider understands. */
const credentials = new Set([
  'authorization',
  'x-api-key',
  'api-key',
  'x-goog-api-key',
  'x-amz-security-token',
  'x-amz-date',
  'x-amz-content-sha256',
  'cookie',
  'openai-organization',
  'openai-project',
  'openai-beta',
  'anthropic-version',
  'anthropic-beta',
]);

/** What goes on to a provider that the caller did not address. */
export function forwardedToOthers(headers: Headers): Record<string, string> {
  return without(forwardedHeaders(headers), (name) => credentials.has(name));
}

/** What goes back to the caller. */
export function returnedHeaders(headers: Headers): Record<string, string> {
  return without(headers, (name) => ofOneHop.has(name));
}

function without(headers: Headers, drop: (name: string) => boolean): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name in headers) if (!drop(name)) kept[name] = headers[name] as string;
  return kept;
}
