import { ConfigurationError } from '@genops/core';

/** Counts the tokens of text for one model. */
export interface Tokenizer {
  /** Whose vocabulary it uses; absent when the model's is not public. */
  readonly encoding?: Encoding;
  /** True when counts are those of the model itself; else they are calibrated on ordinary text. */
  readonly exact: boolean;
  /** Tokens of a text: what they are, or what they probably are. */
  count(text: string): number;
  /** Tokens of a conversation, with what frames each message. */
  countMessages(messages: readonly ChatMessage[]): number;
  /** The most tokens that a text can have: no vocabulary has a token shorter than a byte. */
  atMost(text: string): number;
}

/** A message as chat formats have it, text only. */
export interface ChatMessage {
  readonly role: string;
  readonly content: string;
  readonly name?: string;
}

export type Encoding = 'o200k_base' | 'o200k_harmony' | 'cl100k_base' | 'p50k_base' | 'r50k_base';

/**
 * Which models use which public vocabulary, the first match decides.
 *
 * @see https://github.com/openai/tiktoken/blob/main/tiktoken/model.py (checked 2026-11-01)
 */
const encodingOf: readonly (readonly [RegExp, Encoding])[] = [
  [/^gpt-oss/, 'o200k_harmony'],
  [/^(o[1-9]|gpt-4o|gpt-4\.[1-9]|gpt-[5-9]|chatgpt-4o|chat-latest|codex-)/, 'o200k_base'],
  [/^(gpt-4|gpt-3\.5|gpt-35|text-embedding-|davinci-002|babbage-002)/, 'cl100k_base'],
  [/^text-davinci-00[23]/, 'p50k_base'],
  [/^(davinci|curie|babbage|ada|text-davinci-001)/, 'r50k_base'],
];

/**
 * Bytes of English text for each token, as the makers describe their models; the first match decides. Other
 * languages and code take more tokens.
 *
 * @see https://platform.claude.com/docs/en/about-claude/glossary (about 3.5 characters; from Opus 4.7 on up to
 *   a third more tokens; checked 2026-11-01)
 * @see https://ai.google.dev/gemini-api/docs/tokens (about 4 characters; checked 2026-11-01)
 */
const bytesPerToken: readonly (readonly [RegExp, number])[] = [
  [/claude-(opus-4[.-][789]|(opus|sonnet|fable)-[5-9]|haiku-[5-9])/, 2.6],
  [/claude/, 3.5],
  [/gemini|gemma/, 4],
];
const usualBytesPerToken = 3.5;

/** Around each message of a chat, before the answer, and for a name (OpenAI, checked 2026-11-01). */
const framing = { message: 3, answer: 3, name: 1 } as const;

/**
 * Makes a tokenizer for a model. Models of OpenAI are counted with their own vocabulary, which is loaded
 * when first needed; for all others counts are calibrated.
 *
 * @param model - as the provider names it; a vendor before a slash does not matter
 * @throws {ConfigurationError} when the model has a public vocabulary and `gpt-tokenizer` is not installed
 */
export async function openTokenizer(model: string): Promise<Tokenizer> {
  const name = bareName(model);
  const encoding = encodingOf.find(([form]) => form.test(name))?.[1];
  if (encoding === undefined) return makeTokenizer(calibratedCount(name));
  const { countTokens } = await loadEncoding(encoding);
  // Text that looks like a control token is text.
  const plain = { disallowedSpecial: new Set<string>() };
  return makeTokenizer((text) => countTokens(text, plain), encoding);
}

function makeTokenizer(count: (text: string) => number, encoding?: Encoding): Tokenizer {
  return {
    ...(encoding && { encoding }),
    exact: encoding !== undefined,
    count,
    countMessages: (messages) =>
      messages.reduce<number>(
        (sum, { role, content, name }) =>
          sum + framing.message + count(role) + count(content) + (name ? count(name) + framing.name : 0),
        framing.answer,
      ),
    atMost: bytesOf,
  };
}

/** `openai/gpt-4o` and `ft:gpt-4o:acme::x` → `gpt-4o`. */
function bareName(model: string): string {
  const name = model.slice(model.lastIndexOf('/') + 1).toLowerCase();
  return name.startsWith('ft:') ? (name.split(':')[1] ?? name) : name;
}

function calibratedCount(name: string): (text: string) => number {
  const bytes = bytesPerToken.find(([form]) => form.test(name))?.[1] ?? usualBytesPerToken;
  return (text) => Math.ceil(bytesOf(text) / bytes);
}

function bytesOf(text: string): number {
  return Buffer.byteLength(text, 'utf8');
}

interface LoadedEncoding {
  readonly countTokens: (text: string, options: { readonly disallowedSpecial: Set<string> }) => number;
}

async function loadEncoding(encoding: Encoding): Promise<LoadedEncoding> {
  try {
    return await importers[encoding]();
  } catch (error) {
    throw new ConfigurationError('tokenizer', 'expected the package "gpt-tokenizer" to be installed', {
      cause: error,
    });
  }
}

/** One import each, so that only the vocabulary that is needed is loaded. */
const importers: { readonly [E in Encoding]: () => Promise<LoadedEncoding> } = {
  o200k_base: () => import('gpt-tokenizer/encoding/o200k_base'),
  o200k_harmony: () => import('gpt-tokenizer/encoding/o200k_harmony'),
  cl100k_base: () => import('gpt-tokenizer/encoding/cl100k_base'),
  p50k_base: () => import('gpt-tokenizer/encoding/p50k_base'),
  r50k_base: () => import('gpt-tokenizer/encoding/r50k_base'),
};
