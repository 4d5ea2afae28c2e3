import { type Attribution, attributionDimensions, ConfigurationError } from '@genops/core';

/** What Helicone is told about one call. */
export interface HeliconeHeaderOptions {
  /** One header for each: `{ Team: 'research' }` is `Helicone-Property-Team: research`. */
  readonly properties?: Readonly<Record<string, string>>;
  /** Asks Helicone to answer from its cache, and to keep the answer for so long. @default off */
  readonly cacheSeconds?: number;
  /** Calls with the same seed share a cache; with tenants, name the tenant. */
  readonly cacheSeed?: string;
  /** What Helicone does not keep. */
  readonly omit?: readonly ('request' | 'response')[];
  readonly requestId?: string;
}

/** The headers of one call, in Helicone's own names. */
export function heliconeHeaders(options: HeliconeHeaderOptions): Record<string, string> {
  const { properties = {}, cacheSeconds, cacheSeed, omit = [], requestId } = options;
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(properties)) {
    if (!/^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(name)) {
      throw new ConfigurationError(`properties.${name}`, 'expected letters, digits, dashes, underscores');
    }
    headers[`Helicone-Property-${name}`] = encoded(value);
  }
  if (cacheSeconds !== undefined) {
    headers['Helicone-Cache-Enabled'] = 'true';
    headers['Cache-Control'] = `max-age=${cacheSeconds}`;
    if (cacheSeed !== undefined) headers['Helicone-Cache-Seed'] = encoded(cacheSeed);
  }
  for (const part of omit)
    headers[part === 'request' ? 'Helicone-Omit-Request' : 'Helicone-Omit-Response'] = 'true';
  if (requestId !== undefined) headers['Helicone-Request-Id'] = requestId;
  return headers;
}

/** Attributes as Helicone's own headers: users and sessions have a header of theirs, the rest are properties. */
export function attributionHeaders(attribution: Attribution): Record<string, string> {
  const { userId, sessionId, workflow, tags = {} } = attribution;
  const properties: Record<string, string> = {};
  for (const dimension of attributionDimensions) {
    const value = attribution[dimension];
    if (value === undefined || ownHeaders.has(dimension)) continue;
    properties[propertyName(dimension)] = value;
  }
  for (const [name, value] of Object.entries(tags)) properties[propertyName(name)] = value;
  return {
    ...heliconeHeaders({ properties }),
    ...(userId !== undefined && { 'Helicone-User-Id': encoded(userId) }),
    ...(sessionId !== undefined && {
      'Helicone-Session-Id': encoded(sessionId),
      'Helicone-Session-Path': `/${encoded(tags['step'] ?? '')}`,
    }),
    ...(sessionId !== undefined && workflow !== undefined && { 'Helicone-Session-Name': encoded(workflow) }),
  };
}

const ownHeaders: ReadonlySet<string> = new Set(['userId', 'sessionId', 'workflow', 'keyId']);

/** `customerId` → `Customer-Id`, `experiment_id` → `Experiment-Id`. */
function propertyName(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== '')
    .map((word) => (word[0] as string).toUpperCase() + word.slice(1))
    .join('-');
}

/** Header values are ASCII; anything else is percent-encoded. */
function encoded(value: string): string {
  return /^[\u0020-\u007e]*$/.test(value) ? value : encodeURIComponent(value);
}
