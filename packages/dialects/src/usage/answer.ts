import type { AnswerFacts } from '@genops/core';
import { at, present, textAt } from './fields.ts';

/**
 * An answer's body as parsed; `undefined` when it is not JSON (a page of HTML, a cut-off body), which says
 * nothing about usage.
 */
export function parseAnswer(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

/** An error object found inside an answer whose status said that all is well. */
export function readAnswerError(error: unknown): AnswerFacts['error'] {
  if (error === undefined || error === null || error === false) return undefined;
  const code = at(error, 'code') ?? at(error, 'type') ?? at(error, 'status');
  return present<NonNullable<AnswerFacts['error']>>({
    message: textAt(error, 'message') ?? (typeof error === 'string' ? error : 'The answer carries an error'),
    code: typeof code === 'string' || typeof code === 'number' ? String(code) : undefined,
  });
}
