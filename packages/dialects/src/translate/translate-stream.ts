import type { Dialect } from '@genops/core';
import { asCount, asObject, asText, isObject, type Json, type Speech } from './conversation.ts';

/** A stream in one format as a stream in another. */
export interface StreamTranslator {
  /** Takes bytes as they came, cut anywhere. */
  push(chunk: Uint8Array): readonly Uint8Array[];
  /** The end, if the stream had one: what was cut stays cut. */
  flush(): readonly Uint8Array[];
}

/** The most of one event that is kept while it is not complete. */
const maximumEventCharacters = 32 * 1024 * 1024;

export function translateStream(
  from: Speech,
  to: Speech,
  caller: Pick<Dialect, 'renderStreamError'>,
  options: { readonly usage: boolean },
): StreamTranslator {
  const decoder = new TextDecoder();
  const read = from.createReader();
  const write = to.createWriter(options);
  let unfinished = '';
  let stopped = false;

  const translate = (event: Json): Buffer => {
    if (isObject(event['error'])) return errorOf(event['error'], caller);
    const deltas = read(event);
    stopped ||= deltas.some(({ kind }) => kind === 'stop');
    return Buffer.from(deltas.map(write).join(''));
  };
  return {
    push(chunk) {
      unfinished += decoder.decode(chunk, { stream: true });
      const blocks = unfinished.split(/\r\n\r\n|\n\n|\r\r/);
      unfinished = blocks.pop() ?? '';
      if (unfinished.length > maximumEventCharacters) unfinished = '';
      return blocks
        .flatMap((block) => dataOf(block))
        .map(translate)
        .filter(({ byteLength }) => byteLength > 0);
    },
    flush() {
      const last = dataOf(unfinished).map(translate);
      return stopped ? [...last, Buffer.from(write({ kind: 'end' }))] : last;
    },
  };
}

/** The JSON of one event; comments, `[DONE]` and what is no JSON say nothing. */
function dataOf(block: string): readonly Json[] {
  const data = block
    .split(/\r\n|\n|\r/)
    .flatMap((line) => (line.startsWith('data:') ? [line.slice(5).trimStart()] : []))
    .join('\n');
  if (data === '' || data === '[DONE]') return [];
  try {
    return [asObject(JSON.parse(data))];
  } catch {
    return [];
  }
}

function errorOf(error: Json, caller: Pick<Dialect, 'renderStreamError'>): Buffer {
  const message = asText(error['message']) || 'The provider ended the stream with an error';
  const code = asText(error['type']) || asText(error['status']) || 'provider_error';
  return Buffer.from(
    caller.renderStreamError({ status: asCount(error['code']) || 502, type: 'api_error', code, message }),
  );
}
