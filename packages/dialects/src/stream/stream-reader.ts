import type { AnswerFacts, StreamFacts, StreamReader } from '@genops/core';
import { type AnswerShape, believeAnswer } from '../usage/answer.ts';

/** One event of a stream, whatever frames it. */
export interface StreamEvent {
  /** Its kind, where the framing tells. */
  readonly name?: string;
  readonly data: Buffer;
}

/** Cuts passing bytes into events and passes them on. */
export type Framing = Pick<StreamReader, 'push' | 'flush'>;

/** @param options.onEvent - gives back true to withhold the event from the caller */
export type CreateFraming = (options: {
  readonly onEvent: (event: StreamEvent) => boolean;
  /** Whether any event may be withheld; the bytes of unfinished ones are kept back then. */
  readonly withholds: boolean;
}) => Framing;

/** How the events of one format's stream add up. */
export interface StreamShape {
  readonly framing: CreateFraming;
  /** How the answer is read that the events fold into: like a whole one, so that both say the same. */
  readonly answer: AnswerShape;
  /** @returns the answer with what the event adds to it; the very same one when it adds nothing */
  readonly fold: (answer: object, event: unknown, name?: string) => object;
  /** UTF-8 bytes in the event of what the model made. */
  readonly outputBytes: (event: unknown, name?: string) => number;
  /** Whether the event is the format's own end; `[DONE]` always is. */
  readonly ends?: (event: unknown, name?: string) => boolean;
  /** That more may follow the end, because the format has only signs of it. @default false */
  readonly readsOn?: boolean;
  /** Whether the event is there for its usage only. @default none is */
  readonly isUsageOnly?: (event: unknown) => boolean;
}

const endMark = Buffer.from('[DONE]');

/** Reads a stream while it passes. Nothing that comes after its end is believed. */
export function createStreamReader(
  shape: StreamShape,
  { withholdUsage }: { readonly withholdUsage: boolean },
): StreamReader {
  const withholds = withholdUsage && shape.isUsageOnly !== undefined;
  let answer: object = {};
  let facts: AnswerFacts | undefined;
  let complete = false;
  let outputBytes = 0;
  let outputEvents = 0;

  function onEvent({ data, name }: StreamEvent): boolean {
    if (complete && shape.readsOn !== true) return false;
    if (data.length === endMark.length && data.equals(endMark)) {
      complete = true;
      return false;
    }
    const event = parse(data);
    if (event === undefined) return false;
    const folded = shape.fold(answer, event, name);
    if (folded !== answer) facts = undefined;
    answer = folded;
    const bytes = shape.outputBytes(event, name);
    outputBytes += bytes;
    if (bytes > 0) outputEvents += 1;
    complete ||= shape.ends?.(event, name) ?? false;
    return withholds && shape.isUsageOnly?.(event) === true;
  }

  return {
    ...shape.framing({ onEvent, withholds }),
    facts(): StreamFacts {
      facts ??= believeAnswer(shape.answer, answer);
      return { ...facts, complete, outputBytes, outputEvents };
    },
  };
}

/** UTF-8 bytes of a value, if it is text. */
export function textBytes(value: unknown): number {
  return typeof value === 'string' ? Buffer.byteLength(value) : 0;
}

/** The answer with these members; those that say nothing, or what it says already, change nothing. */
export function foldMembers(answer: object, members: Readonly<Record<string, unknown>>): object {
  const known = answer as Readonly<Record<string, unknown>>;
  const news = Object.entries(members).filter(([key, value]) => (value ?? '') !== '' && value !== known[key]);
  return news.length === 0 ? answer : { ...answer, ...Object.fromEntries(news) };
}

/** Whatever is not JSON is passed on and says nothing. */
function parse(data: Buffer): unknown {
  try {
    return JSON.parse(data.toString());
  } catch {
    return undefined;
  }
}
