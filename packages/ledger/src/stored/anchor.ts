import { ConfigurationError, describe } from '@genops/core';

/** A place in the chain. */
export interface Anchor {
  readonly seq: number;
  /** Hexadecimal; empty before the first entry. */
  readonly hash: string;
}

export function anchorToText({ seq, hash }: Anchor): string {
  return `${seq}:${hash}`;
}

/** @throws {ConfigurationError} when it is not what `anchorToText` wrote */
export function anchorFromText(text: string): Anchor {
  const [, seq, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (text === '0:') return { seq: 0, hash: '' };
  if (seq === undefined || hash === undefined) {
    throw new ConfigurationError('anchor', `expected a position and a hash, got ${describe(text)}`);
  }
  return { seq: Number(seq), hash };
}
