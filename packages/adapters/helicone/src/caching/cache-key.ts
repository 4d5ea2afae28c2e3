import { createHash } from 'node:crypto';
import type { Attribution, ChatQuestion } from '@genops/core';

/** `exact_match`: the same question to the byte. `content_hash`: also with other white space around its words. */
export type CacheKeyStrategy = 'exact_match' | 'content_hash';

/** Whose answers are whose: a call never sees what was answered to somebody else. */
type Tenant = Pick<Attribution, 'organization' | 'team' | 'project' | 'environment' | 'customerId'>;

/** Names a question of a tenant. Nothing of the question can be read back from it. */
export function cacheKeyOf(
  strategy: CacheKeyStrategy,
  tenant: Tenant,
  provider: string,
  { model, messages, maxTokens, parameters }: ChatQuestion,
): string {
  const { organization, team, project, environment, customerId } = tenant;
  const asked =
    strategy === 'exact_match'
      ? messages
      : messages.map(({ role, content }) => ({
          role,
          content: content.normalize('NFC').split(/\s+/).join(' ').trim(),
        }));
  const parts = [
    [organization, team, project, environment, customerId].map((value) => value ?? null),
    provider,
    model,
    asked.map(({ role, content }) => [role, content]),
    maxTokens ?? null,
    Object.entries(parameters ?? {}).sort(([left], [right]) => (left < right ? -1 : 1)),
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
