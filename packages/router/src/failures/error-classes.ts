import type { Failure, FailureWords } from './failure.ts';

/** Where the next attempt goes. */
export type Next = 'same_key' | 'next_key' | 'next_provider' | 'next_model' | 'stop';

/** Whose fault it is: what a breaker counts against, and what is put aside. */
export type Blame = 'key' | 'account' | 'model' | 'provider' | 'request' | 'nobody';

/** What becomes of the key. */
export type KeyEffect = 'throttle' | 'exhaust' | 'invalidate';

/** One line of the table: which failures it means, and what follows. */
export interface ErrorClass {
  readonly id: string;
  readonly when: {
    /** @default any */
    readonly provider?: readonly string[];
    /** @default 'status' when `status` is given, else any */
    readonly kind?: readonly Failure['kind'][];
    /** Single ones, or `5xx`. */
    readonly status?: readonly (number | '4xx' | '5xx')[];
    /** One of the error's codes, types or reasons is one of these, in lower case. */
    readonly code?: readonly string[];
    /** The message has one of these in it, in lower case. */
    readonly message?: readonly string[];
  };
  readonly next: Next;
  readonly blame: Blame;
  readonly key?: KeyEffect;
  /** The provider may have worked, and may bill it. @default false */
  readonly maybeBilled?: boolean;
  /** For `same_key`: how often, before it becomes `otherwise`. @default 1 */
  readonly times?: number;
  /** @default 'next_key' */
  readonly otherwise?: Next;
}

/**
 * What a failure means and what to do about it. The first line that fits counts; lines of a route's own
 * stand before these. Sources: the providers' error references and `x-should-retry` of their SDKs
 * (checked 2026-11).
 */
export const errorClasses: readonly ErrorClass[] = [
  // The request itself. No other key would do better; some other model might.
  {
    id: 'context_length',
    when: {
      status: [400, 413, 422],
      code: [
        'context_length_exceeded',
        'string_above_max_length',
        'request_too_large',
        'model_max_prompt_tokens_exceeded',
      ],
    },
    next: 'next_model',
    blame: 'request',
  },
  {
    id: 'context_length_by_message',
    when: {
      status: [400, 413, 422],
      message: [
        'maximum context length',
        'context window',
        'prompt is too long',
        'input is too long',
        'exceeds the maximum number of tokens',
        'exceed context limit',
        'too many tokens',
        'input token count',
      ],
    },
    next: 'next_model',
    blame: 'request',
  },
  {
    id: 'content_filter',
    when: {
      status: [400, 403, 422, 451],
      code: [
        'content_filter',
        'content_policy_violation',
        'responsibleaipolicyviolation',
        'moderation',
        'prohibited_content',
        'safety',
        'guardrail_intervened',
      ],
    },
    next: 'stop',
    blame: 'request',
  },
  {
    id: 'content_filter_by_message',
    when: {
      status: [400, 403, 422],
      message: [
        'content management policy',
        'content policy',
        'content filtering policy',
        'flagged by moderation',
        'requires moderation',
        'safety system',
        'usage policies',
      ],
    },
    next: 'stop',
    blame: 'request',
  },
  // What a model cannot do although the request is well-formed.
  {
    id: 'prefill_unsupported',
    when: { status: [400, 422], message: ['prefill', 'must end with a user message'] },
    next: 'next_model',
    blame: 'request',
  },
  {
    id: 'model_not_found',
    when: {
      status: [400, 403, 404],
      code: [
        'model_not_found',
        'deploymentnotfound',
        'model_deprecated',
        'no_endpoints',
        'model_unavailable_upstream',
        'unsupported_model',
        'model_not_available',
      ],
    },
    next: 'next_model',
    blame: 'model',
  },
  {
    id: 'model_not_found_by_message',
    when: {
      status: [400, 403, 404],
      message: [
        'model not found',
        'does not exist or you do not have access',
        'is not found for api version',
        'try pulling it first',
        '` does not exist.',
        'does not exist or your team',
        'make sure the correct model id was used',
      ],
    },
    next: 'next_model',
    blame: 'model',
  },
  {
    id: 'anthropic_model_not_found',
    when: { provider: ['anthropic'], status: [404], code: ['not_found_error'] },
    next: 'next_model',
    blame: 'model',
  },
  // Money and credit of the account. Waiting a little changes nothing.
  {
    id: 'openrouter_in_flight_budget',
    when: { status: [402], code: ['openrouter_in_flight_budget', 'in_flight_budget_exhausted'] },
    next: 'next_key',
    blame: 'account',
    key: 'throttle',
  },
  {
    id: 'payment_required',
    when: { status: [402] },
    next: 'next_key',
    blame: 'account',
    key: 'exhaust',
  },
  {
    id: 'spend_limit',
    when: {
      status: [400, 403, 429],
      code: [
        'insufficient_quota',
        'credit_balance_exhausted',
        'billing_hard_limit_reached',
        'billing_not_active',
        'organization_usage_limit_exceeded',
        'organization_spend_limit_exceeded',
        'project_spend_limit_exceeded',
        'enforced_spend_limit_reached',
        'contract_spend_limit_reached',
        'openrouter_key_limit',
        'openrouter_guardrail_budget',
        'openrouter_workspace_budget',
        'billing_error',
      ],
    },
    next: 'next_key',
    blame: 'account',
    key: 'exhaust',
  },
  {
    id: 'quota_of_zero',
    when: { status: [429], message: ['limit: 0'] },
    next: 'next_model',
    blame: 'account',
    key: 'exhaust',
  },
  // Google words every exhausted quota like spent money; most of them are of a minute or a day.
  {
    id: 'google_quota',
    when: { provider: ['google', 'google-vertex'], status: [429], code: ['resource_exhausted'] },
    next: 'next_key',
    blame: 'account',
    key: 'throttle',
  },
  {
    id: 'spend_limit_by_message',
    when: {
      status: [400, 403, 429],
      message: [
        'credit balance is too low',
        'insufficient credits',
        'api usage limits',
        'exceeded your current quota',
        'insufficient balance',
        'used all available credits',
      ],
    },
    next: 'next_key',
    blame: 'account',
    key: 'exhaust',
  },
  {
    id: 'account_suspended',
    when: { provider: ['fireworks'], status: [412] },
    next: 'next_key',
    blame: 'account',
    key: 'exhaust',
  },
  // Rate. The account is busy, nothing is broken.
  {
    id: 'overloaded_as_429',
    when: {
      status: [429],
      code: ['overloaded_error', 'provider_overloaded', 'engine_overloaded', 'capacity_exhausted'],
    },
    next: 'next_provider',
    blame: 'provider',
  },
  {
    id: 'flex_capacity',
    when: { provider: ['groq'], status: [498] },
    next: 'next_model',
    blame: 'nobody',
  },
  {
    id: 'rate_limited',
    when: { status: [429] },
    next: 'next_key',
    blame: 'account',
    key: 'throttle',
  },
  {
    id: 'throttling_exception',
    when: { status: [400], code: ['throttlingexception', 'throttling'] },
    next: 'next_key',
    blame: 'account',
    key: 'throttle',
  },
  // Who asks.
  {
    id: 'invalid_key_as_400',
    when: { status: [400], code: ['api_key_invalid', 'invalid_api_key'] },
    next: 'next_key',
    blame: 'key',
    key: 'invalidate',
  },
  {
    id: 'invalid_key_as_400_by_message',
    when: { status: [400], message: ['incorrect api key provided'] },
    next: 'next_key',
    blame: 'key',
    key: 'invalidate',
  },
  { id: 'unauthorized', when: { status: [401] }, next: 'next_key', blame: 'key', key: 'invalidate' },
  {
    id: 'region_refused',
    when: {
      status: [403],
      code: ['unsupported_country_region_territory', 'region_restricted', 'request_forbidden'],
    },
    next: 'next_provider',
    blame: 'request',
  },
  {
    id: 'key_revoked',
    when: { status: [403], code: ['api_key_service_blocked', 'account_deactivated'] },
    next: 'next_key',
    blame: 'key',
    key: 'invalidate',
  },
  // Of signed requests. A clock that is wrong says nothing about the key.
  {
    id: 'signature_out_of_time',
    when: {
      status: [400, 403],
      code: ['invalidsignatureexception', 'requesttimetooskewed', 'requestexpired'],
      message: ['signature expired', 'signature not yet current', 'request time'],
    },
    next: 'next_provider',
    blame: 'nobody',
  },
  {
    id: 'invalid_signature',
    when: {
      status: [400, 403],
      code: [
        'invalidsignatureexception',
        'signaturedoesnotmatch',
        'unrecognizedclientexception',
        'invalidclienttokenid',
        'expiredtokenexception',
        'expiredtoken',
        'missingauthenticationtokenexception',
        'incompletesignatureexception',
      ],
    },
    next: 'next_key',
    blame: 'key',
    key: 'invalidate',
  },
  { id: 'forbidden', when: { status: [403] }, next: 'next_key', blame: 'nobody' },
  // Time.
  { id: 'request_timeout', when: { status: [408] }, next: 'same_key', blame: 'provider' },
  { id: 'conflict', when: { status: [409] }, next: 'same_key', blame: 'nobody' },
  { id: 'too_early', when: { status: [425] }, next: 'same_key', blame: 'nobody' },
  // Broken or busy on their side.
  {
    id: 'model_overloaded',
    when: {
      status: [503, 529],
      code: ['overloaded_error', 'modelnotreadyexception', 'unavailable', 'provider_overloaded'],
    },
    next: 'next_provider',
    blame: 'model',
  },
  { id: 'not_implemented', when: { status: [501] }, next: 'next_model', blame: 'model' },
  {
    id: 'bad_gateway',
    when: { status: [502, 520, 521, 522, 523] },
    next: 'same_key',
    blame: 'provider',
    otherwise: 'next_provider',
  },
  { id: 'unavailable', when: { status: [503, 529] }, next: 'next_provider', blame: 'provider' },
  {
    id: 'gateway_timeout',
    when: { status: [504, 524] },
    next: 'next_provider',
    blame: 'provider',
    maybeBilled: true,
  },
  {
    id: 'server_error',
    when: { status: ['5xx'] },
    next: 'same_key',
    blame: 'provider',
    otherwise: 'next_provider',
  },
  // Anything else that is the caller's to mend.
  { id: 'bad_request', when: { status: ['4xx'] }, next: 'stop', blame: 'request' },
  { id: 'redirect', when: { kind: ['status'] }, next: 'next_provider', blame: 'provider' },
  // Below HTTP.
  {
    id: 'not_sent',
    when: { kind: ['not_sent'] },
    next: 'same_key',
    blame: 'provider',
    otherwise: 'next_provider',
  },
  { id: 'misconfigured', when: { kind: ['misconfigured'] }, next: 'next_key', blame: 'nobody' },
  {
    id: 'no_answer',
    when: { kind: ['no_answer'] },
    next: 'next_provider',
    blame: 'provider',
    maybeBilled: true,
  },
  { id: 'timeout', when: { kind: ['timeout'] }, next: 'next_provider', blame: 'provider', maybeBilled: true },
  { id: 'broken', when: { kind: ['broken'] }, next: 'next_provider', blame: 'provider', maybeBilled: true },
  { id: 'too_large', when: { kind: ['too_large'] }, next: 'stop', blame: 'request', maybeBilled: true },
  {
    id: 'filtered_in_answer',
    when: { kind: ['in_answer'], code: ['content_filter', 'safety', 'content_policy_violation'] },
    next: 'stop',
    blame: 'request',
    maybeBilled: true,
  },
  {
    id: 'error_in_answer',
    when: { kind: ['in_answer'] },
    next: 'next_provider',
    blame: 'provider',
    maybeBilled: true,
  },
];

/** The first line that fits; the table ends with lines that take everything. */
export function classify(words: FailureWords, table: readonly ErrorClass[] = errorClasses): ErrorClass {
  const found = table.find((line) => fits(line, words)) ?? errorClasses.find((line) => fits(line, words));
  return found ?? { id: 'unknown', when: {}, next: 'stop', blame: 'nobody' };
}

function fits({ when }: ErrorClass, words: FailureWords): boolean {
  if (when.provider !== undefined && !when.provider.includes(words.provider)) return false;
  if (when.kind !== undefined && !when.kind.includes(words.kind)) return false;
  if (when.status !== undefined && !when.status.some((status) => isStatus(status, words.status)))
    return false;
  if (when.code !== undefined && !words.codes.some((code) => when.code?.includes(code))) return false;
  return when.message === undefined || when.message.some((part) => words.message.includes(part));
}

function isStatus(wanted: number | '4xx' | '5xx', status: number | undefined): boolean {
  if (status === undefined) return false;
  if (wanted === '4xx') return status >= 400 && status < 500;
  if (wanted === '5xx') return status >= 500 && status < 600;
  return status === wanted;
}
