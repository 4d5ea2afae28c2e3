import { describe, expect, it } from 'vitest';
import { classify, type ErrorClass, errorClasses } from './error-classes.ts';
import { type Failure, wordsOf } from './failure.ts';

const answered = (status: number, body: unknown = '', headers: Record<string, string> = {}): Failure => ({
  kind: 'status',
  status,
  headers,
  body: typeof body === 'string' ? body : JSON.stringify(body),
});
const below = (
  kind: 'not_sent' | 'misconfigured' | 'no_answer' | 'timeout' | 'broken' | 'too_large',
): Failure => ({
  kind,
  message: 'socket',
});
const coded = (status: number, code: string) => answered(status, { error: { code, message: 'No.' } });
const said = (status: number, message: string) => answered(status, { error: { message } });

/** One failure, as a provider words it, for each line of the table. */
const examples: Readonly<
  Record<string, readonly [provider: string, failure: Failure, next: ErrorClass['next']]>
> = {
  context_length: ['openai', coded(400, 'context_length_exceeded'), 'next_model'],
  context_length_by_message: [
    'anthropic',
    answered(400, {
      type: 'error',
      error: { type: 'invalid_request_error', message: 'prompt is too long: 203591 tokens > 200000 maximum' },
    }),
    'next_model',
  ],
  content_filter: [
    'azure-openai',
    answered(400, {
      error: { code: 'content_filter', innererror: { code: 'ResponsibleAIPolicyViolation' } },
    }),
    'stop',
  ],
  content_filter_by_message: [
    'openai',
    said(400, 'Your request was rejected as a result of our safety system.'),
    'stop',
  ],
  prefill_unsupported: [
    'anthropic',
    said(400, 'This model does not support assistant message prefill.'),
    'next_model',
  ],
  model_not_found: ['openai', coded(404, 'model_not_found'), 'next_model'],
  model_not_found_by_message: [
    'google',
    said(404, 'models/gemini-9 is not found for API version v1beta'),
    'next_model',
  ],
  anthropic_model_not_found: [
    'anthropic',
    answered(404, { type: 'error', error: { type: 'not_found_error', message: 'model: claude-9' } }),
    'next_model',
  ],
  openrouter_in_flight_budget: [
    'openrouter',
    answered(402, {
      error: { code: 402, message: 'Busy', metadata: { limit_source: 'openrouter_in_flight_budget' } },
    }),
    'next_key',
  ],
  payment_required: ['deepseek', said(402, 'Insufficient Balance'), 'next_key'],
  spend_limit: [
    'openai',
    answered(429, { error: { type: 'insufficient_quota', code: 'insufficient_quota' } }),
    'next_key',
  ],
  quota_of_zero: [
    'google',
    answered(429, {
      error: { code: 429, status: 'RESOURCE_EXHAUSTED', message: 'Quota exceeded for metric: x, limit: 0' },
    }),
    'next_model',
  ],
  google_quota: [
    'google',
    answered(429, {
      error: {
        code: 429,
        status: 'RESOURCE_EXHAUSTED',
        message: 'You exceeded your current quota, please check your plan and billing details.',
        details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '46s' }],
      },
    }),
    'next_key',
  ],
  spend_limit_by_message: [
    'helicone',
    answered(429, { error: { type: 'request_failed', message: 'Insufficient credits' } }),
    'next_key',
  ],
  account_suspended: [
    'fireworks',
    answered(412, { error: { message: 'Account ours is suspended', code: 'PRECONDITION_FAILED' } }),
    'next_key',
  ],
  overloaded_as_429: ['mistral', coded(429, 'engine_overloaded'), 'next_provider'],
  flex_capacity: ['groq', answered(498, ''), 'next_model'],
  rate_limited: [
    'openai',
    answered(429, { error: { type: 'requests', code: 'rate_limit_exceeded' } }),
    'next_key',
  ],
  throttling_exception: [
    'bedrock',
    answered(400, { message: 'Slow down' }, { 'x-amzn-errortype': 'ThrottlingException' }),
    'next_key',
  ],
  invalid_key_as_400: [
    'google',
    answered(400, {
      error: { code: 400, status: 'INVALID_ARGUMENT', details: [{ reason: 'API_KEY_INVALID' }] },
    }),
    'next_key',
  ],
  invalid_key_as_400_by_message: [
    'x-ai',
    answered(400, {
      code: 'Client specified an invalid argument',
      error: 'Incorrect API key provided: xa***xx.',
    }),
    'next_key',
  ],
  unauthorized: [
    'anthropic',
    answered(401, { type: 'error', error: { type: 'authentication_error' } }),
    'next_key',
  ],
  region_refused: ['openai', coded(403, 'unsupported_country_region_territory'), 'next_provider'],
  key_revoked: ['openai', coded(403, 'account_deactivated'), 'next_key'],
  signature_out_of_time: [
    'aws-bedrock',
    answered(
      403,
      { message: 'Signature expired: 20261130T080000Z is now earlier than 20261130T081000Z' },
      { 'x-amzn-errortype': 'InvalidSignatureException' },
    ),
    'next_provider',
  ],
  invalid_signature: [
    'aws-bedrock',
    answered(
      403,
      { message: 'The request signature we calculated does not match the signature you provided.' },
      {
        'x-amzn-errortype':
          'InvalidSignatureException:http://internal.amazon.com/coral/com.amazon.coral.service/',
      },
    ),
    'next_key',
  ],
  forbidden: ['openai', answered(403, ''), 'next_key'],
  request_timeout: ['openai', answered(408, ''), 'same_key'],
  conflict: ['openai', answered(409, ''), 'same_key'],
  too_early: ['openai', answered(425, ''), 'same_key'],
  model_overloaded: ['anthropic', answered(529, { error: { type: 'overloaded_error' } }), 'next_provider'],
  not_implemented: ['openai', answered(501, ''), 'next_model'],
  bad_gateway: ['openrouter', answered(502, ''), 'same_key'],
  unavailable: ['openai', answered(503, '<html>'), 'next_provider'],
  gateway_timeout: ['openai', answered(504, ''), 'next_provider'],
  server_error: ['openai', answered(500, { error: { type: 'server_error' } }), 'same_key'],
  bad_request: [
    'openai',
    answered(400, { error: { type: 'invalid_request_error', message: 'Unknown parameter' } }),
    'stop',
  ],
  redirect: ['openai', answered(302, ''), 'next_provider'],
  not_sent: ['openai', below('not_sent'), 'same_key'],
  misconfigured: ['openai', below('misconfigured'), 'next_key'],
  no_answer: ['openai', below('no_answer'), 'next_provider'],
  timeout: ['openai', below('timeout'), 'next_provider'],
  broken: ['openai', below('broken'), 'next_provider'],
  too_large: ['openai', below('too_large'), 'stop'],
  filtered_in_answer: ['openrouter', { kind: 'in_answer', code: 'content_filter', message: 'No.' }, 'stop'],
  error_in_answer: [
    'openrouter',
    { kind: 'in_answer', code: '502', message: 'Upstream failed' },
    'next_provider',
  ],
};

describe('errorClasses', () => {
  it('has an example here for each line', () => {
    expect(Object.keys(examples)).toEqual(errorClasses.map(({ id }) => id));
  });

  it.each(Object.entries(examples))('knows %s', (id, [provider, failure, next]) => {
    expect(classify(wordsOf(provider, failure))).toMatchObject({ id, next });
  });

  it.each([
    ['429 is the account’s business, not a fault', answered(429), 'account'],
    ['500 is the provider’s', answered(500), 'provider'],
    ['400 is the request’s', answered(400), 'request'],
  ])('%s', (_, failure, blame) => {
    expect(classify(wordsOf('openai', failure)).blame).toBe(blame);
  });

  it('lets a route put lines of its own before', () => {
    const own: readonly ErrorClass[] = [
      { id: 'own', when: { status: [500] }, next: 'stop', blame: 'nobody' },
    ];
    expect(classify(wordsOf('openai', answered(500)), own).id).toBe('own');
    expect(classify(wordsOf('openai', answered(429)), own).id).toBe('rate_limited');
  });

  it('sees to it that every id is there once', () => {
    expect(new Set(errorClasses.map(({ id }) => id)).size).toBe(errorClasses.length);
  });
});
