import { InvalidRequestError } from '@genops/core';

/** A request as every format means it. What is not here cannot be translated. */
export interface Conversation {
  readonly system: readonly string[];
  readonly turns: readonly Turn[];
  readonly tools: readonly Tool[];
  readonly toolChoice?: 'auto' | 'none' | 'required' | { readonly name: string };
  readonly parallelToolCalls?: boolean;
  readonly maxOutputTokens?: number;
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly stop?: readonly string[];
  readonly json?: 'object' | JsonSchema;
  readonly seed?: number;
  readonly user?: string;
}

export interface Turn {
  readonly role: 'user' | 'assistant';
  readonly parts: readonly Part[];
}

export type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'image'; readonly mediaType: string; readonly base64: string }
  | { readonly kind: 'image_url'; readonly url: string }
  | ToolCall
  | { readonly kind: 'tool_result'; readonly id: string; readonly text: string; readonly isError?: boolean };

export interface ToolCall {
  readonly kind: 'tool_call';
  readonly id: string;
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
}

export interface Tool {
  readonly name: string;
  readonly description?: string;
  readonly schema: Readonly<Record<string, unknown>>;
}

export interface JsonSchema {
  readonly name: string;
  readonly schema: Readonly<Record<string, unknown>>;
}

/** Why a model stopped. */
export type Stop = 'end' | 'length' | 'tool_calls' | 'filtered';

export interface TokenCounts {
  /** Those read from and written to a cache included. */
  readonly input: number;
  /** Reasoning included. */
  readonly output: number;
  readonly cacheRead?: number;
  readonly cacheWrite?: number;
  readonly reasoning?: number;
}

/** An answer as every format means it. */
export interface Answer {
  readonly id: string;
  readonly model: string;
  readonly text: string;
  readonly toolCalls: readonly ToolCall[];
  readonly stop: Stop;
  readonly tokens?: TokenCounts;
}

/** A step of a streamed answer. */
export type Delta =
  | { readonly kind: 'start'; readonly id: string; readonly model: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'tool_begin'; readonly index: number; readonly id: string; readonly name: string }
  | { readonly kind: 'tool_input'; readonly index: number; readonly json: string }
  | { readonly kind: 'tokens'; readonly tokens: TokenCounts }
  | { readonly kind: 'stop'; readonly stop: Stop }
  | { readonly kind: 'end' };

/** How one format says all that. Everything works on parsed JSON. */
export interface Speech {
  /** @throws {InvalidRequestError} naming what has no place in a conversation */
  readRequest(body: Json): Conversation;
  /** @throws {InvalidRequestError} naming what this format has no place for */
  writeRequest(
    conversation: Conversation,
    options: { readonly model: string; readonly stream: boolean },
  ): Json;
  readAnswer(body: Json): Answer;
  writeAnswer(answer: Answer): Json;
  /** Reads one event of a stream; gets its data, parsed. */
  createReader(): (event: Json) => readonly Delta[];
  /** Writes one step of a stream as server-sent events. */
  createWriter(options: { readonly usage: boolean }): (delta: Delta) => string;
}

export type Json = Readonly<Record<string, unknown>>;

/** What cannot be said in the other format is refused by its name, never left out. */
export function untranslatable(
  parameter: string,
  why = 'has no counterpart in the other format',
): InvalidRequestError {
  return new InvalidRequestError(`"${parameter}" ${why}, so this call cannot be served there`, parameter);
}

/** Refuses every member that is not listed; those that say nothing are passed over. */
export function onlyKnown(body: Json, known: ReadonlySet<string>, path = ''): void {
  for (const [name, value] of Object.entries(body)) {
    if (value === undefined || value === null || known.has(name)) continue;
    throw untranslatable(path + name);
  }
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function asObject(value: unknown): Json {
  return isObject(value) ? value : {};
}

export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function asText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

export function asCount(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

/** A number, or nothing: for parameters that may be left out. */
export function numberIn<Name extends string>(name: Name, value: unknown): { readonly [N in Name]?: number } {
  return (typeof value === 'number' ? { [name]: value } : {}) as { readonly [N in Name]?: number };
}

/** Tool input as it is streamed, or was: nothing at all means no input. */
export function parseInput(json: string): Json {
  try {
    return asObject(JSON.parse(json === '' ? '{}' : json));
  } catch {
    return {};
  }
}

/** The media type and the bytes of a `data:` URL. */
export function dataUrl(url: string): { readonly mediaType: string; readonly base64: string } | undefined {
  const found = /^data:([\w.+-]+\/[\w.+-]+);base64,(.*)$/s.exec(url);
  return found === null ? undefined : { mediaType: found[1] as string, base64: found[2] as string };
}
