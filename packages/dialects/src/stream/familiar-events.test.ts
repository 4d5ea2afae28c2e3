import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readStream } from '../../test/streams.ts';
import { openaiChat, openaiResponses } from '../index.ts';
import { createFamiliarEvents } from './familiar-events.ts';

/** JSON as another serialiser writes it: everything beyond ASCII escaped. */
function escaped(value: object): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

const text = fc.oneof(
  fc.constantFrom(
    '',
    ' word',
    '"',
    '\\',
    '\n',
    '\\"',
    '{"usage":{}}',
    'data: [DONE]\n\n',
    '€',
    '👩‍👩‍👧',
    'm',
    'content',
  ),
  fc.string({ unit: 'binary', maxLength: 12 }).filter((value) => value.isWellFormed()),
);

const delta = fc.oneof(
  { weight: 5, arbitrary: text.map((made) => [{ content: made }, made] as const) },
  text.map((made) => [{ reasoning_content: made }, made] as const),
  text.map((made) => [{ tool_calls: [{ index: 0, function: { arguments: made } }] }, made] as const),
  fc.tuple(text, text).map(([one, other]) => [{ content: one, refusal: other }, one + other] as const),
);

describe('createFamiliarEvents', () => {
  it('changes nothing about what is read, whatever the events and however they are cut', () => {
    const event = fc.record({
      delta,
      index: fc.nat(1),
      obfuscation: fc.option(fc.string({ maxLength: 4 }), { nil: undefined }),
      write: fc.constantFrom(JSON.stringify, escaped),
      end: fc.constantFrom('\n\n', '\r\n\r\n'),
    });
    fc.assert(
      fc.property(
        fc.array(event, { maxLength: 30 }),
        fc.array(fc.nat(5000)),
        fc.boolean(),
        (events, cuts, withhold) => {
          const lines = events.map(({ delta: [made], index, obfuscation, write, end }) => {
            const chunk = {
              id: 'c',
              model: 'm',
              choices: [{ index, delta: made, finish_reason: null }],
              obfuscation,
            };
            return `data: ${write(chunk)}${end}`;
          });
          const usage = { choices: [], usage: { prompt_tokens: 7, completion_tokens: 9 } };
          const bytes = Buffer.from(`${lines.join('')}data: ${JSON.stringify(usage)}\n\ndata: [DONE]\n\n`);
          const reader = openaiChat.createStreamReader({ withholdUsage: withhold });
          const { facts, passedOn } = readStream(
            reader,
            bytes,
            cuts.filter((cut) => cut <= bytes.length),
          );
          const texts = events.map(({ delta: [, made] }) => made);
          expect(facts).toEqual({
            ...(events.length === 0 ? {} : { responseId: 'c', responseModel: 'm' }),
            usage: { inputTokens: 7, outputTokens: 9 },
            complete: true,
            outputBytes: Buffer.byteLength(texts.join('')),
            outputEvents: texts.filter((made) => made !== '').length,
          });
          const expected = withhold ? `${lines.join('')}data: [DONE]\n\n` : bytes.toString();
          expect(passedOn.toString()).toBe(expected);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('sees past numbers that count events', () => {
    const event = (number: number, made: string) =>
      `event: response.output_text.delta\ndata: ${JSON.stringify({
        type: 'response.output_text.delta',
        sequence_number: number,
        item_id: 'msg_1',
        delta: made,
        obfuscation: 'x'.repeat(number % 5),
      })}\n\n`;
    const bytes = Buffer.from(
      Array.from({ length: 20 }, (_, index) => event(index + 95, `w${index}`)).join(''),
    );
    const { facts } = readStream(openaiResponses.createStreamReader({ withholdUsage: false }), bytes);
    expect(facts).toMatchObject({ outputEvents: 20, outputBytes: 50 });
  });

  it('recognises an event that differs in its text only', () => {
    const familiar = createFamiliarEvents([]);
    familiar.learn(Buffer.from('data: {"a":1,"t":"hello"}\n\n'), 'hello');
    const other = Buffer.from('data: {"a":1,"t":"h\\u00e9\\"!"}\n\n');
    expect(familiar.match(other, 0)).toBe(other.length);
    expect(familiar.textBytes).toBe(5);
    expect(familiar.match(Buffer.concat([other, other]), other.length)).toBe(2 * other.length);
  });

  it.each([
    'data: {"a":2,"t":"hello"}\n\n',
    'data: {"a":1,"t":"hello","b":2}\n\n',
    'data: {"a":1,"t":"hello"}\n',
    'data: {"a":1,"t":"hel',
    'data: {"a":1,"t":"bad \\x escape"}\n\n',
    'data: {"a":1,"t":"line\nend"}\n\n',
  ])('does not recognise %j', (block) => {
    const familiar = createFamiliarEvents([]);
    familiar.learn(Buffer.from('data: {"a":1,"t":"hello"}\n\n'), 'hello');
    expect(familiar.match(Buffer.from(block), 0)).toBe(-1);
  });

  it('learns nothing when it cannot be certain which bytes are the text', () => {
    const familiar = createFamiliarEvents([]);
    const block = Buffer.from('data: {"a":"same","t":"same"}\n\n');
    familiar.learn(block, 'same');
    expect(familiar.match(block, 0)).toBe(-1);
  });

  it('forgets', () => {
    const familiar = createFamiliarEvents([]);
    const block = Buffer.from('data: {"t":"hello"}\n\n');
    familiar.learn(block, 'hello');
    familiar.forget();
    expect(familiar.match(block, 0)).toBe(-1);
  });
});
