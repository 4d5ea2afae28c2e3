/** Tells requests that are at fault themselves from keys that are: the same body that fails on two keys is. */
export interface RequestBlame {
  /** @returns true when the request is to blame, because it failed on another key too */
  failed(bodyHash: string, keyId: string): boolean;
}

/** @param options.bodies - the most bodies remembered, the oldest go first. @default 1_000 */
export function createRequestBlame({ bodies = 1_000 }: { readonly bodies?: number } = {}): RequestBlame {
  const failedOn = new Map<string, Set<string>>();
  return {
    failed(bodyHash, keyId) {
      const keys = failedOn.get(bodyHash) ?? new Set();
      failedOn.delete(bodyHash);
      failedOn.set(bodyHash, keys);
      if (failedOn.size > bodies) failedOn.delete(failedOn.keys().next().value as string);
      if (keys.size < 2) keys.add(keyId);
      return keys.size > 1;
    },
  };
}
