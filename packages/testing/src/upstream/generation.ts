import type { Reply } from './reply.ts';

/** What the fake model says to one request. */
export interface Generation {
  readonly model: string;
  /** The text, cut as a stream sends it. Endless when the reply says so. */
  readonly parts: Iterable<string>;
  readonly inputTokens: number;
  /** Of one choice. */
  readonly outputTokens: number;
  /** True when the caller's cap ended it. */
  readonly capped: boolean;
}

const words = 'This is a fake answer that comes out the same each time.'.split(' ');

/**
 * The same for the same request: one token for each four bytes that came in and for each word that goes
 * out, and never more words than the caller's cap.
 */
export function generate(
  request: {
    readonly model: string;
    readonly bodyBytes: number;
    readonly maxOutputTokens?: number | undefined;
  },
  reply: Reply,
): Generation {
  const cap = request.maxOutputTokens ?? Number.POSITIVE_INFINITY;
  const said = reply.text === undefined ? undefined : reply.text.split(/(?<=\s)(?=\S)/);
  const wanted = said?.length ?? reply.chunks ?? words.length;
  const outputTokens = Math.min(wanted, cap);
  const parts =
    said === undefined
      ? countedWords(outputTokens)
      : grouped(said.slice(0, outputTokens).join(''), reply.chunks ?? outputTokens);
  return {
    model: reply.model ?? request.model,
    parts,
    inputTokens: Math.ceil(request.bodyBytes / 4),
    outputTokens,
    capped: cap < wanted,
  };
}

function* countedWords(count: number): Generator<string> {
  for (let index = 0; index < count; index += 1) {
    yield `${index === 0 ? '' : ' '}${words[index % words.length]}`;
  }
}

/** The text in `count` parts of whole characters, as even as can be. */
function* grouped(text: string, count: number): Generator<string> {
  const characters = Array.from(text);
  for (let index = 0; index < count; index += 1) {
    const start = Math.floor((index * characters.length) / count);
    const end = Math.floor(((index + 1) * characters.length) / count);
    yield characters.slice(start, end).join('');
  }
}
