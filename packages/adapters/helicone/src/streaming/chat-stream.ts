import type { Money, Usage } from '@genops/core';

/**
 * An answer that comes piece by piece. It is read once; whoever stops early has it ended and settled. Whoever
 * does not read it at all lets it go: with `cancel`, or by `await using`.
 */
export interface HeliconeChatStream extends AsyncIterable<string>, AsyncDisposable {
  /** As it is named in `routes`. */
  readonly provider: string;
  /** As it was asked of the gateway. */
  readonly model: string;
  /** The providers in the order in which they would have been tried. */
  readonly order: readonly string[];
  readonly cached?: 'helicone' | 'own';
  /** What it came to, once it has ended and is settled, however it ended. Never rejects. */
  readonly ended: Promise<HeliconeStreamEnd>;
  /**
   * Ends it, wherever it is, and frees what was held for it. May be called again, and after its end.
   *
   * @returns once it is settled
   */
  cancel(): Promise<void>;
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

/** Words that are read once, and can be let go at any time. */
export interface WordReader extends AsyncIterator<string, undefined> {
  /** Ends it, read or not. Comes back once nothing more comes. */
  return(): Promise<IteratorResult<string, undefined>>;
}

export interface ReadWordsOptions {
  readonly chunks: AsyncIterable<ChatChunk>;
  /** Ends the answer that the chunks come from: nobody wants more of it. */
  readonly abort: () => void;
  /** What an error on the way is thrown as. */
  readonly broken: (error: unknown) => Error;
  /** Told once what was read: at its end, where it breaks, or where the reader lets go. */
  readonly onEnd: (read: ReadStream) => void;
}

/** Passes the words of a stream on. What was never begun to be read is ended by letting go too. */
export function readWords({ chunks, abort, broken, onEnd }: ReadWordsOptions): WordReader {
  let id = '';
  let text = '';
  let begun = false;
  let letGo = false;
  async function* words(): AsyncGenerator<string, undefined, undefined> {
    let complete = false;
    try {
      for await (const chunk of chunks) {
        id ||= chunk.id ?? '';
        const more = chunk.choices[0]?.delta?.content ?? '';
        if (more === '') continue;
        text += more;
        yield more;
      }
      complete = !letGo;
    } catch (error) {
      if (!letGo) throw broken(error);
    } finally {
      onEnd({ id, text, complete });
    }
    return undefined;
  }
  const reading = words();
  return {
    next: () => {
      begun = true;
      return reading.next();
    },
    return: () => {
      letGo = true;
      abort();
      // A generator that never ran has nothing to clean up.
      if (!begun) onEnd({ id, text, complete: false });
      begun = true;
      return reading.return(undefined);
    },
  };
}
