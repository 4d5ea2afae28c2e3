import { type AnswerFacts, hasErrorCode } from '@genops/core';
import { asBuffer } from '../json/outline.ts';
import { at, present, textAt } from './fields.ts';

/** How the answers of one format are read. */
export interface AnswerShape {
  /** Who answered, as whom, and whether with an error. Never throws. */
  readonly about: (answer: unknown) => AnswerFacts;
  /**
   * What was consumed and charged.
   *
   * @throws {UsageError} for counters that cannot be
   */
  readonly usage: (answer: unknown) => AnswerFacts;
}

/**
 * Reads an answer of which only what the shape knows matters.
 *
 * @param answer - as parsed
 * @throws {UsageError} for counters that cannot be
 */
export function readAnswer(shape: AnswerShape, answer: unknown): AnswerFacts {
  return { ...shape.about(answer), ...shape.usage(answer) };
}

/** The same, but counters that cannot be are no usage, and why is told beside. */
export function believeAnswer(shape: AnswerShape, answer: unknown): AnswerFacts {
  const about = shape.about(answer);
  try {
    return { ...about, ...shape.usage(answer) };
  } catch (error) {
    if (!hasErrorCode(error, 'invalid_usage')) throw error;
    return { ...about, usageProblem: error.message };
  }
}

/**
 * An answer's body as parsed; `undefined` when it is not JSON (a page of HTML, a cut-off body), which says
 * nothing about usage.
 */
export function parseAnswer(bytes: Uint8Array): unknown {
  try {
    const text = asBuffer(bytes).toString();
    return JSON.parse(text.charCodeAt(0) === byteOrderMark ? text.slice(1) : text);
  } catch {
    return undefined;
  }
}

const byteOrderMark = 0xfeff;

/** An error object found inside an answer whose status said that all is well. */
export function readAnswerError(error: unknown): AnswerFacts['error'] {
  if (error === undefined || error === null || error === false) return undefined;
  const code = at(error, 'code') ?? at(error, 'type') ?? at(error, 'status');
  return present<NonNullable<AnswerFacts['error']>>({
    message: textAt(error, 'message') ?? (typeof error === 'string' ? error : 'The answer carries an error'),
    code: typeof code === 'string' || typeof code === 'number' ? String(code) : undefined,
  });
}
