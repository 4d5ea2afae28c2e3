import type { GenerateContentParameters } from '@google/genai';
import { image, oddText, schema, unknownMembers } from './odd.ts';

const model = 'gemini-2.5-flash';
const contents = 'What time is it?';

/** Requests for content, as people write them for the official client; what it does not know goes by `extraBody`. */
export const geminiRequests: Readonly<Record<string, GenerateContentParameters>> = {
  'unknown parameters': {
    model,
    contents,
    config: { maxOutputTokens: 50, httpOptions: { extraBody: unknownMembers } },
  },
  'tools, calls of them and their results': {
    model,
    contents: [
      { role: 'user', parts: [{ text: oddText }] },
      {
        role: 'model',
        parts: [
          { functionCall: { id: 'x-tool-1', name: 'find-it', args: { 'who-else': null, n: -1e21 } } },
          { thought: true, text: oddText, thoughtSignature: 'EqQB' },
        ],
      },
      {
        role: 'user',
        parts: [{ functionResponse: { id: 'x-tool-1', name: 'find-it', response: { output: [null, ''] } } }],
      },
    ],
    config: {
      maxOutputTokens: 50,
      tools: [{ functionDeclarations: [{ name: 'find-it', parametersJsonSchema: schema }] }],
      toolConfig: { functionCallingConfig: { allowedFunctionNames: ['find-it'] } },
    },
  },
  'images, sound and documents': {
    model,
    contents: [
      {
        role: 'user',
        parts: [
          { inlineData: { mimeType: 'image/png', data: image } },
          { inlineData: { mimeType: 'audio/wav', data: 'UklGRg==' } },
          { fileData: { mimeType: 'application/pdf', fileUri: 'gs://bucket-1/a-b.pdf' } },
          { fileData: { fileUri: 'https://example.com/a-b.mp4' }, videoMetadata: { fps: 0.1 } },
          { text: oddText },
        ],
      },
    ],
    config: { maxOutputTokens: 50 },
  },
  'a system, odd text and numbers': {
    model,
    contents: [oddText, ''],
    config: {
      systemInstruction: oddText,
      maxOutputTokens: 50,
      seed: -1,
      temperature: 0.1,
      presencePenalty: -1.5,
      thinkingConfig: { thinkingBudget: 0 },
      labels: { 'x-team': 'a-b' },
      responseMimeType: 'application/json',
      responseJsonSchema: schema,
    },
  },
};
