/** Header names in lower case. */
export type Headers = Readonly<Record<string, string>>;

/** An attempt that brought no answer that could be used, as far as bytes tell. */
export type Failure =
  /** The provider said no, or something that is no answer. */
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly headers: Headers;
      /** The body as text, or as much of it as was kept. */
      readonly body: string;
    }
  /** Status 200 and an error inside. */
  | { readonly kind: 'in_answer'; readonly code?: string; readonly message: string }
  /** Below HTTP. `not_sent` and `misconfigured` are promised only when no byte can have reached the provider. */
  | {
      readonly kind: 'not_sent' | 'misconfigured' | 'no_answer' | 'broken' | 'timeout' | 'too_large';
      readonly message: string;
    };

/** The words that a failure uses, whatever the provider's shape. */
export interface FailureWords {
  readonly provider: string;
  readonly kind: Failure['kind'];
  readonly status?: number;
  /** Code, type, status and reason of the error, in lower case. */
  readonly codes: readonly string[];
  /** In lower case. */
  readonly message: string;
  readonly headers: Headers;
  readonly json: unknown;
}

/** Reads a failure loosely: OpenAI, Anthropic, Google, OpenRouter, Bedrock and plain text. */
export function wordsOf(provider: string, failure: Failure): FailureWords {
  if (failure.kind !== 'status') {
    const code = failure.kind === 'in_answer' ? failure.code : undefined;
    return {
      provider,
      kind: failure.kind,
      codes: code === undefined ? [] : [code.toLowerCase()],
      message: failure.message.toLowerCase(),
      headers: {},
      json: undefined,
    };
  }
  const json = parse(failure.body);
  const root = record(Array.isArray(json) ? json[0] : json);
  const error = typeof root['error'] === 'object' ? record(root['error']) : root;
  const metadata = record(error['metadata']);
  const reasons = Array.isArray(error['details'])
    ? error['details'].map((detail) => record(detail)['reason'])
    : [];
  const codes = [
    error['code'],
    error['type'],
    error['status'],
    error['error_type'],
    root['error_type'],
    ...awsCodes(root['__type'], failure.headers['x-amzn-errortype']),
    metadata['error_type'],
    metadata['limit_source'],
    metadata['reason'],
    record(error['innererror'])['code'],
    record(error['details'])['error_code'],
    record(error['availability'])['code'],
    ...reasons,
  ];
  const message = error['message'] ?? root['error'] ?? failure.body;
  return {
    provider,
    kind: 'status',
    status: failure.status,
    codes: codes.filter((code) => typeof code === 'string').map((code) => code.toLowerCase()),
    message: (typeof message === 'string' ? message : failure.body).toLowerCase(),
    headers: failure.headers,
    json,
  };
}

/** AWS puts a namespace before its codes, or an address behind them. */
function awsCodes(...codes: readonly unknown[]): readonly unknown[] {
  return codes.map((code) =>
    typeof code === 'string' ? code.replace(/^.*#/, '').replace(/:.*$/, '') : code,
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
