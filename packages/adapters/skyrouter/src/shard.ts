import { createHash } from 'node:crypto';

/**
 * Which of several instances takes a piece of work: the same one in every process, on every machine.
 *
 * @param shards - how many instances there are
 * @returns 0 to `shards` - 1
 */
export function shardOf(id: string, shards: number): number {
  return createHash('sha256').update(id).digest().readUInt32BE() % shards;
}
