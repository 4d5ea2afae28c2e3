import type { Money, Usage } from '@genops/core';

/** An answer that comes piece by piece. It is read once; whoever stops early has it ended and settled. */
export interface HeliconeChatStream extends AsyncIterable<string> {
  /** As it is named in `routes`. */
  readonly provider: string;
  /** As it was asked of the gateway. */
  readonly model: string;
  /** The providers in the order in which they would have been tried. */
  readonly order: readonly string[];
  readonly cached?: 'helicone' | 'own';
  /** What it came to, once it has ended and is settled, however it ended. Never rejects. */
  readonly ended: Promise<HeliconeStreamEnd>;
}

export interface HeliconeStreamEnd {
  /** All that was read. */
  readonly text: string;
  /** Of an answer that was not read to its end: an estimate. */
  readonly usage: Usage;
  /** Nothing when it came out of a cache; absent when nobody knows. */
  readonly cost?: Money;
  /** False when the reader stopped, or the stream broke off. */
  readonly complete: boolean;
}

/** What a chunk of the official client has, as far as it is read here. */
export interface ChatChunk {
  readonly id?: string;
  readonly choices: readonly { readonly delta?: { readonly content?: string | null } }[];
}

/** What reading a stream showed of it. */
export interface ReadStream {
  readonly id: string;
  readonly text: string;
  readonly complete: boolean;
}

/**
 * Passes the words of a stream on, and says what was read when it ends: at its end, where it breaks, or where
 * the reader stops.
 *
 * @param broken - what an error on the way is thrown as
 */
export async function* readWords(
  chunks: AsyncIterable<ChatChunk>,
  broken: (error: unknown) => Error,
  onEnd: (read: ReadStream) => void,
): AsyncGenerator<string, void, undefined> {
  let id = '';
  let text = '';
  let complete = false;
  try {
    for await (const chunk of chunks) {
      id ||= chunk.id ?? '';
      const words = chunk.choices[0]?.delta?.content ?? '';
      if (words === '') continue;
      text += words;
      yield words;
    }
    complete = true;
  } catch (error) {
    throw broken(error);
  } finally {
    onEnd({ id, text, complete });
  }
}
