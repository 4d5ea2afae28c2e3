import { ConfigurationError } from '@genops/core';
import { openaiChat } from '@genops/dialects';
import { isLocal } from '../checks/setup.ts';

/** A load test, bounded in count and in time. */
export interface LoadPlan {
  /** Below it are the paths: `http://127.0.0.1:8787/v1`. */
  readonly baseUrl: string;
  readonly provider: string;
  readonly model: string;
  readonly apiKey?: string;
  /** Requests at most. */
  readonly requests: number;
  /** No request begins after that; what is under way may finish. */
  readonly seconds: number;
  /** Requests under way at once, at most. */
  readonly concurrency: number;
  /** Requests a second, begun by the clock. @default as fast as answers come */
  readonly rate?: number;
  /** Of the requests, those that stream, 0 to 1. */
  readonly streamShare: number;
  readonly maxTokens: number;
  readonly promptBytes: number;
  /** Until the whole answer is there. */
  readonly timeoutMs: number;
}

/** The options of `genops loadtest`, as they were typed. */
export interface LoadOptions {
  readonly provider: string;
  readonly model: string;
  readonly keyEnv?: string;
  readonly requests: string;
  readonly duration: string;
  readonly concurrency: string;
  readonly rate?: string;
  readonly stream: string;
  readonly maxTokens: string;
  readonly promptBytes: string;
  readonly timeout: string;
}

/**
 * Reads a plan.
 *
 * @throws {ConfigurationError} for what is no number, or beyond what a test may be
 */
export function loadPlan(
  url: string,
  options: LoadOptions,
  environment: Readonly<Record<string, string | undefined>>,
): LoadPlan {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new ConfigurationError('url', `expected an http or https URL, got "${url}"`);
  const apiKey = options.keyEnv === undefined ? undefined : environment[options.keyEnv];
  if (options.keyEnv !== undefined && !apiKey)
    throw new ConfigurationError('--key-env', `the environment variable ${options.keyEnv} is not set`);
  const { rate } = options;
  return {
    baseUrl: url.replace(/\/+$/, ''),
    provider: options.provider,
    model: options.model,
    ...(apiKey && { apiKey }),
    requests: whole('--requests', options.requests, 100_000),
    seconds: number('--duration', options.duration, 3600),
    concurrency: whole('--concurrency', options.concurrency, 1000),
    ...(rate !== undefined && { rate: number('--rate', rate, 100_000) }),
    streamShare: share('--stream', options.stream),
    maxTokens: whole('--max-tokens', options.maxTokens, 100_000),
    promptBytes: whole('--prompt-bytes', options.promptBytes, 1_000_000),
    timeoutMs: number('--timeout', options.timeout, 600) * 1000,
  };
}

/** True when it goes no further than this machine, as far as its address says. */
export function isLoopback({ baseUrl }: LoadPlan): boolean {
  return isLocal(baseUrl);
}

export function bodyOf({ model, maxTokens, promptBytes }: LoadPlan, stream: boolean): Buffer {
  const content = 'Say something. '.repeat(Math.ceil(promptBytes / 15)).slice(0, promptBytes);
  return Buffer.from(
    JSON.stringify({
      model,
      messages: [{ role: 'user', content }],
      max_completion_tokens: maxTokens,
      ...(stream && { stream: true, stream_options: { include_usage: true } }),
    }),
  );
}

/** What one request of the plan is, for the price of it. */
export function factsOf(plan: LoadPlan): ReturnType<typeof openaiChat.openRequest>['facts'] {
  return openaiChat.openRequest(bodyOf(plan, false), '/chat/completions').facts;
}

function whole(option: string, text: string, most: number): number {
  const value = number(option, text, most);
  if (!Number.isInteger(value))
    throw new ConfigurationError(option, `expected a whole number, got "${text}"`);
  return value;
}

function number(option: string, text: string, most: number): number {
  const value = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || value <= 0 || value > most)
    throw new ConfigurationError(option, `expected more than 0 and at most ${most}, got "${text}"`);
  return value;
}

function share(option: string, text: string): number {
  const value = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || value > 100)
    throw new ConfigurationError(option, `expected a percentage from 0 to 100, got "${text}"`);
  return value / 100;
}
