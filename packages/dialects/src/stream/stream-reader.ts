import type { AnswerFacts, StreamFacts, StreamReader } from '@genops/core';
import { type AnswerShape, believeAnswer } from '../usage/answer.ts';
import { createFamiliarEvents } from './familiar-events.ts';

/** One event of a stream, whatever frames it. */
export interface StreamEvent {
  /** Its kind, where the framing tells. */
  readonly name?: string;
  readonly data: Buffer;
  /** All its bytes as they stand in the stream, where {@link FramingOptions.skip} can be used. */
  readonly block?: Buffer;
}

/** Cuts passing bytes into events and passes them on. */
export type Framing = Pick<StreamReader, 'push' | 'flush'>;

export interface FramingOptions {
  /** @returns true to withhold the event from the caller */
  readonly onEvent: (event: StreamEvent) => boolean;
  /** Whether any event may be withheld; the bytes of unfinished ones are kept back then. */
  readonly withholds: boolean;
  /** Where the event ends that begins at `start`, when it need not be looked at; else -1. */
  readonly skip: (bytes: Buffer, start: number) => number;
}

export type CreateFraming = (options: FramingOptions) => Framing;

/** How the events of one format's stream add up. */
export interface StreamShape {
  readonly framing: CreateFraming;
  /** How the answer is read that the events fold into: like a whole one, so that both say the same. */
  readonly answer: AnswerShape;
  /**
   * Never looks at what {@link StreamShape.outputTexts} gives.
   *
   * @returns the answer with what the event adds to it; the very same one when it adds nothing
   */
  readonly fold: (answer: object, event: unknown, name?: string) => object;
  /** What the model made, as far as the event tells; what is no text counts as nothing. */
  readonly outputTexts: (event: unknown, name?: string) => readonly unknown[];
  /** Members that differ from event to event and mean nothing. @default none */
  readonly varying?: readonly string[];
  /** Whether the event is the format's own end; `[DONE]` always is. */
  readonly ends?: (event: unknown, name?: string) => boolean;
  /** That more may follow the end, because the format has only signs of it. @default false */
  readonly readsOn?: boolean;
  /** Whether the event is there for its usage only, which is that of the whole answer. @default none is */
  readonly isUsageOnly?: (event: unknown) => boolean;
}

const endMark = Buffer.from('[DONE]');

/** Reads a stream while it passes. Nothing that comes after its end is believed. */
export function createStreamReader(
  shape: StreamShape,
  { withholdUsage }: { readonly withholdUsage: boolean },
): StreamReader {
  const withholds = withholdUsage && shape.isUsageOnly !== undefined;
  const familiar = createFamiliarEvents(shape.varying ?? []);
  let answer: object = {};
  let facts: AnswerFacts | undefined;
  let complete = false;
  let usageIsFinal = false;
  let outputBytes = 0;
  let outputEvents = 0;

  function countOutput(bytes: number): void {
    outputBytes += bytes;
    if (bytes > 0) outputEvents += 1;
  }

  function onEvent({ data, name, block }: StreamEvent): boolean {
    if (complete && shape.readsOn !== true) return false;
    if (data.length === endMark.length && data.equals(endMark)) {
      complete = true;
      return false;
    }
    const event = parse(data);
    if (event === undefined) return false;
    const texts = shape.outputTexts(event, name).filter((text) => typeof text === 'string' && text !== '');
    countOutput(texts.reduce<number>((sum, text) => sum + Buffer.byteLength(text as string), 0));
    if (shape.ends?.(event, name) === true) complete = true;
    const folded = shape.fold(answer, event, name);
    if (folded !== answer) {
      answer = folded;
      facts = undefined;
      familiar.forget();
    } else if (block !== undefined && texts.length === 1 && !complete) {
      familiar.learn(block, texts[0] as string);
    }
    const isUsageOnly = shape.isUsageOnly?.(event) === true;
    if (isUsageOnly) usageIsFinal = true;
    return withholds && isUsageOnly;
  }

  function skip(bytes: Buffer, start: number): number {
    const end = complete ? -1 : familiar.match(bytes, start);
    if (end !== -1) countOutput(familiar.textBytes);
    return end;
  }

  return {
    ...shape.framing({ onEvent, withholds, skip }),
    facts(): StreamFacts {
      facts ??= believeAnswer(shape.answer, answer);
      const early: Pick<StreamFacts, 'usageIsFinal'> = usageIsFinal && !complete ? { usageIsFinal } : {};
      return { ...facts, ...early, complete, outputBytes, outputEvents };
    },
  };
}

/** The answer with these members; those that say nothing, or what it says already, change nothing. */
export function foldMembers(answer: object, members: Readonly<Record<string, unknown>>): object {
  const known = answer as Readonly<Record<string, unknown>>;
  let folded: Record<string, unknown> | undefined;
  for (const key of Object.keys(members)) {
    const value = members[key];
    if (value === undefined || value === null || value === '' || value === known[key]) continue;
    folded ??= { ...known };
    folded[key] = value;
  }
  return folded ?? answer;
}

/** Whatever is not JSON is passed on and says nothing. */
function parse(data: Buffer): unknown {
  try {
    return JSON.parse(data.toString());
  } catch {
    return undefined;
  }
}
