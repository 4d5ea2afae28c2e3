import type { HeliconeChatResult } from '../helicone-adapter.ts';
import type { HeliconeChatStream, WordReader } from './chat-stream.ts';

/** Puts beside the rest of a stream what it is read with and let go of. */
export function letGoOf<Rest extends Pick<HeliconeChatStream, 'ended'>>(
  words: WordReader,
  rest: Rest,
): Rest & Pick<HeliconeChatStream, 'cancel' | typeof Symbol.asyncIterator | typeof Symbol.asyncDispose> {
  const cancel = async (): Promise<void> => {
    await words.return();
    await rest.ended;
  };
  return { ...rest, cancel, [Symbol.asyncIterator]: () => words, [Symbol.asyncDispose]: cancel };
}

/** An answer out of a cache, in one piece. */
export function streamOf({ text, usage, cost, ...placed }: HeliconeChatResult): HeliconeChatStream {
  const { provider, model, order, cached } = placed;
  const end = { text, usage, complete: true, ...(cost !== undefined && { cost }) };
  async function* words(): AsyncGenerator<string, undefined> {
    if (text !== '') yield text;
    return undefined;
  }
  const reading = words();
  const reader: WordReader = { next: () => reading.next(), return: () => reading.return(undefined) };
  return letGoOf(reader, {
    provider,
    model,
    order,
    ...(cached !== undefined && { cached }),
    ended: Promise.resolve(end),
  });
}
