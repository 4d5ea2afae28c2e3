import type { RouterState } from './facts.ts';
import type { RouterStateStore } from './store.ts';

/** What is needed of a client; those of `ioredis` and `iovalkey` have it, single or Cluster. */
export interface RedisClient {
  eval(script: string, numberOfKeys: number, ...keysAndArguments: (string | number)[]): Promise<unknown>;
}

export interface RedisStateStoreOptions {
  readonly redis: RedisClient;
  /** Sets routers apart that share a server. @default 'default' */
  readonly name?: string;
}

/** One hash for all replicas; each entry carries its own end, and the whole has one too. */
const putScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', KEYS[1], ARGV[1], string.format('%d', now + ARGV[3]) .. ' ' .. ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])`;

const othersScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local all = redis.call('HGETALL', KEYS[1])
local states = {}
for i = 1, #all, 2 do
  local space = string.find(all[i + 1], ' ', 1, true)
  if tonumber(string.sub(all[i + 1], 1, space - 1)) <= now then
    redis.call('HDEL', KEYS[1], all[i])
  elseif all[i] ~= ARGV[1] then
    states[#states + 1] = string.sub(all[i + 1], space + 1)
  end
end
return states`;

/** Replicas meet in one hash of Redis or Valkey. The server's clock decides what is forgotten. */
export function createRedisStateStore({ redis, name = 'default' }: RedisStateStoreOptions): RouterStateStore {
  const key = `genops:{router:${name}}:state`;
  return {
    async put(replica, state, expiresInMs) {
      await redis.eval(putScript, 1, key, replica, JSON.stringify(state), expiresInMs);
    },
    async others(replica) {
      const states = (await redis.eval(othersScript, 1, key, replica)) as string[];
      return states.map((text) => JSON.parse(text) as RouterState);
    },
  };
}
