import { ConfigurationError } from '@genops/core';

export interface ClientCredentialsOptions {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly tokenUrl: string;
  readonly scope?: string;
  readonly audience?: string;
  /** @default the global `fetch` */
  readonly fetch?: typeof globalThis.fetch;
  readonly now?: () => Date;
}

/** A token that is about to end is not used any more. */
const safetyMs = 30_000;
/** Of a token whose end nobody said. */
const assumedLifeSeconds = 300;

/**
 * The access token of OAuth 2's client credentials grant, fetched when it is first asked for and again before
 * it ends. Callers that ask at the same time share one request. The official `openai` client takes it as
 * its `apiKey`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.4
 */
export function createClientCredentials(options: ClientCredentialsOptions): () => Promise<string> {
  const now = options.now ?? (() => new Date());
  let current: { readonly token: string; readonly usableUntilMs: number } | undefined;
  let underWay: Promise<string> | undefined;
  const renew = async (): Promise<string> => {
    const { token, lifeSeconds } = await requestToken(options);
    current = { token, usableUntilMs: now().getTime() + lifeSeconds * 1000 - safetyMs };
    return token;
  };
  return () => {
    if (current !== undefined && now().getTime() < current.usableUntilMs)
      return Promise.resolve(current.token);
    underWay ??= renew().finally(() => {
      underWay = undefined;
    });
    return underWay;
  };
}

async function requestToken(
  options: ClientCredentialsOptions,
): Promise<{ readonly token: string; readonly lifeSeconds: number }> {
  const { clientId, clientSecret, tokenUrl, scope, audience, fetch = globalThis.fetch } = options;
  const credentials = `${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`;
  const response = await fetch(tokenUrl, {
    method: 'POST',
    redirect: 'error',
    headers: {
      authorization: `Basic ${Buffer.from(credentials).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
    },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      ...(scope !== undefined && { scope }),
      ...(audience !== undefined && { audience }),
    }),
  });
  const answer = (await response.json().catch(() => ({}))) as Record<string, unknown>;
  const { access_token: token, expires_in: life, token_type: type, error } = answer;
  if (!response.ok || typeof token !== 'string' || token === '') {
    const what = typeof error === 'string' ? error : 'no access_token';
    throw new ConfigurationError('tokenUrl', `${tokenUrl} gave no token: status ${response.status}, ${what}`);
  }
  if (typeof type === 'string' && type.toLowerCase() !== 'bearer') {
    throw new ConfigurationError(
      'tokenUrl',
      `${tokenUrl} gave a token of type "${type}", not a bearer token`,
    );
  }
  return { token, lifeSeconds: typeof life === 'number' ? life : assumedLifeSeconds };
}
