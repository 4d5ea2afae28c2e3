import type { AnswerFacts, Usage } from '@genops/core';
import { present, readFields, type UsageFields } from './fields.ts';
import { settleOverlap } from './overlap.ts';

/** Counters as they are read, before the absent ones are left out. */
export type Counters = { [Counter in keyof Usage]: number | undefined };

/** What a format's rules make of a usage object: its counters, made inclusive, and what else it tells. */
export type ReadUsage = { readonly counters: Counters } & {
  readonly [Fact in Exclude<keyof AnswerFacts, 'usage' | 'unreadUsage'>]?: AnswerFacts[Fact] | undefined;
};

/**
 * Reads a usage object by one format's rules, and checks what comes out of them.
 *
 * @param usage - as parsed; anything but an object says nothing, which is not zero
 * @param shape.name - how errors call the object
 * @param shape.known - paths of numbers that repeat what others say, or that cost nothing
 * @throws {UsageError} for counters that cannot be
 */
export function readUsage(
  usage: unknown,
  shape: {
    readonly name: string;
    readonly known?: ReadonlySet<string>;
    readonly read: (fields: UsageFields) => ReadUsage;
  },
): AnswerFacts {
  if (typeof usage !== 'object' || usage === null) return {};
  const fields = readFields(usage, shape);
  const { counters, ...facts } = shape.read(fields);
  const unread = fields.unread();
  return present<AnswerFacts>({
    usage: usageOf(counters),
    ...facts,
    unreadUsage: unread.length === 0 ? undefined : unread,
  });
}

/**
 * @returns the counters that are there; `undefined` when none is
 * @throws {UsageError} for counters that cannot be
 */
export function usageOf(counters: Counters): Usage | undefined {
  const usage = present<Usage>(counters);
  return Object.keys(usage).length === 0 ? undefined : settleOverlap(usage);
}

/** The sum of the counts that are reported; `undefined` when none is. */
export function sumOf(...counts: readonly (number | undefined)[]): number | undefined {
  const reported = counts.filter((count) => count !== undefined);
  return reported.length === 0 ? undefined : reported.reduce((total, count) => total + count);
}
