import type { ChatMessage } from '@genops/core';

/** What a model is asked: text, messages, or facts that are sent as JSON; `{ prompt }` is its text. */
export type Prompt = string | readonly ChatMessage[] | Readonly<Record<string, unknown>>;

export function messagesOf(prompt: Prompt): ChatMessage[] {
  if (typeof prompt === 'string') return [{ role: 'user', content: prompt }];
  if (Array.isArray(prompt)) return [...prompt];
  const facts = prompt as Readonly<Record<string, unknown>>;
  const { prompt: text, ...others } = facts;
  const content = typeof text === 'string' && Object.keys(others).length === 0 ? text : JSON.stringify(facts);
  return [{ role: 'user', content }];
}
