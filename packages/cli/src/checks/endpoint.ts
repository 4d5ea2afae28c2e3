import { type Finding, finding } from './problems.ts';
import { type CheckResult, checked } from './result.ts';
import { isLocal, type ProviderToCheck, type Setup } from './setup.ts';

/** What an address answered: the check, and the models that the provider lists, where it does. */
export interface EndpointResult {
  readonly result: CheckResult;
  readonly offered?: readonly string[];
}

const slowMs = 2_000;

/** Asks a provider for something that costs nothing: whether it is there, and whether it takes the key. */
export async function checkEndpoint(
  setup: Setup,
  { provider, hasAddress, apiKey }: ProviderToCheck,
): Promise<EndpointResult> {
  const { baseUrl, id } = provider;
  const insecure =
    baseUrl.startsWith('http:') && !isLocal(baseUrl)
      ? [finding('endpoint-insecure', id, `${baseUrl} is not encrypted`)]
      : [];
  const result = (message: string, ...findings: Finding[]): EndpointResult => ({
    result: checked('endpoint', message, [...findings, ...insecure], id),
  });
  if (!hasAddress) {
    const variable = provider.setup?.baseUrlEnv?.name;
    const message = `No address is configured${variable === undefined ? '' : `: ${variable} is not set`}`;
    return { result: checked('endpoint', message, [finding('address-missing', id, message)], id) };
  }
  const path = provider.setup?.keyProbe;
  const url = path === undefined ? baseUrl : baseUrl + path;
  const startedAt = performance.now();
  let response: Response;
  let body: string;
  try {
    response = await setup.fetch(url, {
      headers: { accept: 'application/json', ...provider.headers, ...(apiKey && provider.authorize(apiKey)) },
      redirect: 'manual',
      signal: AbortSignal.timeout(setup.timeoutMs),
    });
    body = await response.text();
  } catch (error) {
    const message = `${url} does not answer: ${reasonOf(error)}`;
    return result(message, finding('endpoint-unreachable', id, message));
  }
  const tookMs = Math.round(performance.now() - startedAt);
  const answered = `${url} answered ${response.status} in ${tookMs} ms`;
  const slow = tookMs > slowMs ? [finding('endpoint-slow', id, answered)] : [];

  if (path === undefined || !apiKey) return result(`${answered}; the key was not tried`, ...slow);
  if (response.status === 401 || response.status === 403)
    return result(answered, finding('key-rejected', id, `${answered}: ${errorIn(body)}`));
  if (response.status === 429) return result(answered, finding('provider-limiting', id, answered), ...slow);
  if (response.status >= 500) return result(answered, finding('provider-failing', id, answered), ...slow);
  const answer = jsonIn(body);
  if (!response.ok || answer === undefined) {
    const what = response.ok ? `${answered}, which is not JSON` : `${answered}: ${errorIn(body)}`;
    return result(what, finding('endpoint-wrong', id, what), ...slow);
  }
  const offered = modelsIn(answer);
  return {
    ...result(`${answered} and took the key`, ...slow),
    ...(offered !== undefined && { offered }),
  };
}

/** What went wrong below HTTP, in one line. */
function reasonOf(error: unknown): string {
  let cause: unknown = error;
  for (let depth = 0; depth < 5 && cause instanceof Error && cause.cause instanceof Error; depth += 1) {
    cause = cause.cause;
  }
  if (cause instanceof AggregateError) cause = cause.errors[0];
  return cause instanceof Error ? cause.message : String(cause);
}

/** What an error answer says, short: `Incorrect API key provided`. */
function errorIn(body: string): string {
  const answer = jsonIn(body) as { error?: { message?: unknown } | string; message?: unknown } | undefined;
  const nested = typeof answer?.error === 'object' ? answer.error?.message : answer?.error;
  return String(nested ?? answer?.message ?? body).slice(0, 200) || 'no reason given';
}

function jsonIn(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** `{ data: [{ id }] }`, as OpenAI and Anthropic list models, or `{ models: [{ name }] }`, as Google does. */
function modelsIn(answer: unknown): readonly string[] | undefined {
  const { data, models, has_more } = answer as { data?: unknown; models?: unknown; has_more?: unknown };
  if (has_more === true) return undefined;
  if (Array.isArray(data)) return names(data, 'id');
  if (Array.isArray(models) && !('nextPageToken' in (answer as object))) return names(models, 'name');
  return undefined;
}

function names(list: readonly unknown[], field: string): readonly string[] | undefined {
  const found = list
    .map((item) => (item as Record<string, unknown> | null)?.[field])
    .filter((name) => typeof name === 'string')
    .map((name) => name.replace(/^models\//, ''));
  return found.length > 0 ? found : undefined;
}
