import { type AnswerFacts, isGenOpsError, type Money, money } from '@genops/core';
import { openaiChat } from '@genops/dialects';
import type { Agent } from 'undici';
import type { LoadPlan } from './plan.ts';

/** What became of one request. */
export interface Measured {
  /** `completed`, a status with its reason, or why there was no whole answer. */
  readonly outcome: string;
  readonly durationMs: number;
  /** Of a stream: until its first words. */
  readonly firstTokenMs?: number;
  /** What the answer said it cost. */
  readonly cost?: Money;
  /** What the answer said of itself. */
  readonly facts?: AnswerFacts;
}

/** Sends one request and reads all of its answer. Never throws. @param sinceMs - from when its time counts */
export async function send(
  agent: Agent,
  plan: LoadPlan,
  stream: boolean,
  sinceMs: number,
  body: Buffer,
): Promise<Measured> {
  const url = new URL(`${plan.baseUrl}/chat/completions`);
  const reader = stream ? openaiChat.createStreamReader({ withholdUsage: false }) : undefined;
  let firstTokenMs: number | undefined;
  const measured = (outcome: string, more: Partial<Measured> = {}): Measured => ({
    outcome,
    durationMs: performance.now() - sinceMs,
    ...(firstTokenMs !== undefined && { firstTokenMs }),
    ...more,
  });
  try {
    const {
      statusCode,
      headers,
      body: answer,
    } = await agent.request({
      origin: url.origin,
      path: url.pathname + url.search,
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(plan.apiKey !== undefined && { authorization: `Bearer ${plan.apiKey}` }),
      },
      body,
      signal: AbortSignal.timeout(plan.timeoutMs),
    });
    const isStream = /^text\/event-stream/.test(String(headers['content-type'] ?? ''));
    if (statusCode >= 300 || reader === undefined || !isStream) {
      const bytes = new Uint8Array(await answer.arrayBuffer());
      if (statusCode >= 300) return measured(refusalIn(statusCode, headers['x-genops-reason'], bytes));
      return measured('completed', { ...costIn(headers), facts: openaiChat.readAnswer(bytes) });
    }
    for await (const chunk of answer) {
      reader.push(chunk);
      if (firstTokenMs === undefined && reader.facts().outputEvents > 0)
        firstTokenMs = performance.now() - sinceMs;
    }
    reader.flush();
    const facts = reader.facts();
    if (facts.error !== undefined)
      return measured(`in the stream: ${facts.error.code ?? facts.error.message}`);
    return facts.complete ? measured('completed', { facts }) : measured('stream broke off');
  } catch (error) {
    return measured(failureOf(error));
  }
}

function costIn(headers: Readonly<Record<string, string | string[] | undefined>>): Pick<Measured, 'cost'> {
  const { 'x-genops-cost': amount, 'x-genops-cost-currency': currency } = headers;
  return typeof amount === 'string' ? { cost: money(amount, String(currency ?? 'USD')) } : {};
}

/** `429 budget_exceeded`: in the words of the proxy, else of the answer. */
function refusalIn(status: number, reason: string | string[] | undefined, bytes: Uint8Array): string {
  if (typeof reason === 'string') return `${status} ${reason.replace(/^x_/, '').toLowerCase()}`;
  try {
    const { error } = JSON.parse(Buffer.from(bytes).toString('utf8'));
    const code: unknown = error?.code ?? error?.type;
    return typeof code === 'string' ? `${status} ${code.slice(0, 60)}` : String(status);
  } catch {
    return String(status);
  }
}

function failureOf(error: unknown): string {
  if (isGenOpsError(error)) return error.code;
  const { name, code, message } = error as {
    readonly name?: string;
    readonly code?: string;
    readonly message?: string;
  };
  return name === 'TimeoutError' ? 'timeout' : (code ?? message ?? String(error)).slice(0, 60);
}
