import type { Dialect } from '@genops/core';
import { describe, expect, it } from 'vitest';
import { anthropicMessages, gemini, openaiChat, openaiResponses } from '../index.ts';

const chat = { model: 'm', messages: [{ role: 'user', content: 'Hi' }] };
const responses = { model: 'm', input: 'Hi' };
const messages = { ...chat, max_tokens: 10 };
const contents = { contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] };
const schema = { type: 'json_schema', json_schema: { name: 'a', schema: {} } };
const geminiPath = '/v1beta/models/gemini-2.5-pro:generateContent';

describe('readNeeds', () => {
  it.each<[Dialect, object, readonly string[] | undefined]>([
    [openaiChat, chat, undefined],
    [openaiChat, { ...chat, tools: null }, undefined],
    [openaiChat, { ...chat, tools: [{ type: 'function' }] }, ['tools']],
    [openaiChat, { ...chat, functions: [{ name: 'f' }] }, ['tools']],
    [openaiChat, { ...chat, response_format: schema, tools: [{}] }, ['tools', 'json_schema']],
    [openaiChat, { ...chat, response_format: { type: 'json_object' } }, ['json_mode']],
    [openaiChat, { ...chat, response_format: { type: 'text' } }, undefined],
    [
      openaiResponses,
      { ...responses, text: { format: { type: 'json_schema', schema: {} } } },
      ['json_schema'],
    ],
    [anthropicMessages, { ...messages, tools: [{ name: 'f', input_schema: {} }] }, ['tools']],
    [anthropicMessages, messages, undefined],
    [gemini, { ...contents, generationConfig: { responseMimeType: 'application/json' } }, ['json_mode']],
    [gemini, { ...contents, generationConfig: { responseSchema: {} } }, ['json_schema']],
  ])('of %o', (dialect, body, needs) => {
    const bytes = Buffer.from(JSON.stringify(body));
    expect(dialect.openRequest(bytes, geminiPath).facts.needs).toEqual(needs);
  });
});
