import { createHash, randomBytes } from 'node:crypto';

/** A key that callers present, and what a configuration keeps of it: nobody can get the one from the other. */
export interface NewKey {
  readonly secret: string;
  readonly sha256: string;
}

export function newVirtualKey(): NewKey {
  const secret = `genops-${randomBytes(32).toString('base64url')}`;
  return { secret, sha256: createHash('sha256').update(secret).digest('hex') };
}
