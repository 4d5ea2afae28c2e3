import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { hasErrorCode } from '@genops/core';
import type { Governor } from '@genops/governor';
import { z } from 'zod';
import { type Answer, invalid, notFound, pageOf, readBody } from './answer.ts';
import type { TransitionLog } from './transition-log.ts';

const text = z.string().min(1).max(256);
const secret = z.string().min(8).max(4096).regex(/^\S+$/, 'expected no white space');

const registrationSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'expected lower-case letters, digits, dots, dashes'),
  provider_id: text,
  secret,
  metadata: z
    .strictObject({
      account: text.optional(),
      team: text.optional(),
      region: text.optional(),
      tier: text.optional(),
      models: z.array(text).min(1).optional(),
      weight: z.number().positive().optional(),
      maxConcurrent: z.int().positive().optional(),
    })
    .default({}),
});
const rotationSchema = z.strictObject({
  secret,
  grace_seconds: z.int().nonnegative().max(86_400).optional(),
});
const stateSchema = z.strictObject({
  state: z.enum(['available', 'throttled', 'exhausted', 'disabled']),
  cooldown_seconds: z.int().positive().max(86_400).optional(),
});

type Pool = Governor['router']['keys'];
type View = ReturnType<Pool['list']>[number];

/** Keys of providers that the proxy draws from. What is changed here holds until it is started anew. */
export interface KeyRoutes {
  list(query: URLSearchParams): Answer;
  get(id: string): Answer;
  /** The same again has no second effect. */
  register(request: IncomingMessage): Promise<Answer>;
  rotate(id: string, request: IncomingMessage): Promise<Answer>;
  setState(id: string, request: IncomingMessage): Promise<Answer>;
  /** Calls under way end with it, no other begins. */
  revoke(id: string): Answer;
  audit(id: string, query: URLSearchParams): Answer;
}

export function createKeyRoutes(
  pool: Pool,
  providerIds: readonly string[],
  transitions: TransitionLog,
): KeyRoutes {
  /** Digests of what was registered here, to know it when it is sent again. */
  const registered = new Map<string, string>();

  const changing = (id: string, change: () => View): Answer => {
    if (pool.get(id) === undefined) return notFound(`key "${id}"`);
    try {
      return { status: 200, body: keyJson(change()) };
    } catch (error) {
      if (!hasErrorCode(error, 'invalid_configuration')) throw error;
      return { status: 409, code: 'conflict', message: error.message };
    }
  };

  return {
    list: (query) => {
      const provider = query.get('provider_id');
      return pageOf('keys', pool.list(provider === null ? {} : { provider }).map(keyJson), query);
    },
    get: (id) => {
      const key = pool.get(id);
      return key === undefined ? notFound(`key "${id}"`) : { status: 200, body: keyJson(key) };
    },
    register: async (request) => {
      const read = await readBody(request, registrationSchema);
      if ('wrong' in read) return read.wrong;
      const { id, provider_id: provider, secret: material, metadata } = read.value;
      if (!providerIds.includes(provider))
        return invalid(`provider_id: expected one of ${providerIds.join(', ')}`);
      const digest = createHash('sha256')
        .update(JSON.stringify([provider, material, metadata]))
        .digest('hex');
      const known = pool.get(id);
      if (known !== undefined && registered.get(id) === digest) return { status: 200, body: keyJson(known) };
      try {
        const key = pool.register({ id, provider, secret: material, metadata: defined(metadata) });
        registered.set(id, digest);
        return { status: 201, body: keyJson(key) };
      } catch (error) {
        if (!hasErrorCode(error, 'invalid_configuration')) throw error;
        return { status: 409, code: 'conflict', message: error.message };
      }
    },
    rotate: async (id, request) => {
      const read = await readBody(request, rotationSchema);
      if ('wrong' in read) return read.wrong;
      const { secret: material, grace_seconds: grace } = read.value;
      registered.delete(id);
      return changing(id, () =>
        pool.rotate(id, material, grace === undefined ? {} : { graceMs: grace * 1000 }),
      );
    },
    setState: async (id, request) => {
      const read = await readBody(request, stateSchema);
      if ('wrong' in read) return read.wrong;
      const { state, cooldown_seconds: seconds } = read.value;
      return changing(id, () =>
        pool.setState(id, state, seconds === undefined ? {} : { cooldownMs: seconds * 1000 }),
      );
    },
    revoke: (id) => {
      if (pool.get(id) === undefined) return notFound(`key "${id}"`);
      pool.revoke(id);
      return { status: 204 };
    },
    audit: (id, query) =>
      pool.get(id) === undefined
        ? notFound(`key "${id}"`)
        : pageOf('state_transitions', transitions.of(id), query),
  };
}

function keyJson(key: View): object {
  return {
    id: key.id,
    provider_id: key.provider,
    state: key.state,
    created_at: key.createdAt,
    state_updated_at: key.stateUpdatedAt,
    last_used_at: key.lastUsedAt ?? null,
    cooldown_until: key.cooldownUntil ?? null,
    usage_count: key.usageCount,
    failure_count: key.failureCount,
    in_flight: key.inFlight,
    material_version: key.materialVersion,
    metadata: key.metadata,
  };
}

function defined<Value extends object>(value: Value): { [Name in keyof Value]?: NonNullable<Value[Name]> } {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as never;
}
