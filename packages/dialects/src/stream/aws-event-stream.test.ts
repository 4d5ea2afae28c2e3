import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fixture } from '../../test/fixture.ts';
import { bedrockConverse } from '../index.ts';
import { awsEventStream, writeFrame } from './aws-event-stream.ts';
import type { StreamEvent } from './stream-reader.ts';

// The fixtures were written by @smithy/eventstream-codec 4.5.2, the codec of the AWS SDK.

function read(bytes: Buffer): readonly StreamEvent[] {
  const events: StreamEvent[] = [];
  const framing = awsEventStream({
    onEvent: (event) => events.push(event) < 0,
    withholds: false,
    skip: () => -1,
  });
  framing.push(bytes);
  framing.flush();
  return events;
}

describe('awsEventStream', () => {
  it('finds the name among headers of every type', () => {
    expect(read(fixture('aws-event-stream/every-header-type.bin'))).toEqual([
      { name: 'contentBlockDelta', data: Buffer.from('{"delta":{"text":"é"}}') },
    ]);
  });

  it('writes the very frame that the codec of AWS writes', () => {
    const rendered = bedrockConverse.renderStreamError({
      status: 429,
      type: 'rate_limit_error',
      code: 'rate_limited',
      message: 'Slow down — please',
    });
    expect(Buffer.from(rendered)).toEqual(fixture('aws-event-stream/throttled.bin'));
  });

  it('reads what it writes, frame after frame', () => {
    const frame = fc.tuple(fc.string({ unit: 'grapheme', minLength: 1 }), fc.uint8Array());
    fc.assert(
      fc.property(fc.array(frame), (frames) => {
        const bytes = frames.map(([name, data]) => writeFrame({ ':event-type': name }, data));
        const expected = frames.map(([name, data]) => ({ name, data: Buffer.from(data) }));
        expect(read(Buffer.concat(bytes))).toEqual(expected);
      }),
    );
  });

  it('reads nothing more once a length is damaged, and skips a frame whose content is', () => {
    const frame = writeFrame({ ':event-type': 'a' }, Buffer.from('{}'));
    const damagedLength = Buffer.from(frame);
    damagedLength.writeUInt32BE(1_000_000, 0);
    expect(read(Buffer.concat([frame, damagedLength, frame]))).toHaveLength(1);
    const damagedContent = Buffer.from(frame);
    damagedContent[damagedContent.length - 6] = 0;
    expect(read(Buffer.concat([frame, damagedContent, frame]))).toHaveLength(2);
  });

  it('does not wait for a frame larger than any should be', () => {
    const prelude = writeFrame({}, Buffer.alloc(17 * 1024 * 1024)).subarray(0, 12);
    const reader = bedrockConverse.createStreamReader({ withholdUsage: false });
    reader.push(prelude);
    reader.push(fixture('bedrock-converse/stream.bin'));
    expect(reader.facts().usage).toBeUndefined();
  });
});
