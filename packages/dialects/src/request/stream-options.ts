import { memberValue, type Outline, outlineMember } from '../json/outline.ts';
import { type Splice, setMembers } from '../json/splice.ts';
import { flagParameter, wrong } from './parameters.ts';

/**
 * Whether the caller asked for usage at the end of a stream, the way OpenAI's formats do.
 *
 * @throws {InvalidRequestError} when `stream_options` is there and no object
 */
export function readUsageRequested(body: Outline): boolean {
  const streamOptions = outlineMember(body, 'stream_options');
  if (streamOptions !== undefined) return flagParameter(streamOptions, 'include_usage') ?? false;
  const value = memberValue(body, 'stream_options') ?? undefined;
  if (value !== undefined) throw wrong('stream_options', value, 'an object');
  return false;
}

/** Asks for usage, and keeps what else the caller asked of the stream. */
export function requestUsage(body: Outline): readonly Splice[] {
  const streamOptions = outlineMember(body, 'stream_options');
  return streamOptions === undefined
    ? setMembers(body, { stream_options: { include_usage: true } })
    : setMembers(streamOptions, { include_usage: true });
}
