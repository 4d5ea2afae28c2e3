import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createVault, type SealedSecret } from './vault.ts';

const v1 = randomBytes(32);
const v2 = randomBytes(32);
const vault = createVault({ masterKeys: { v1 }, currentVersion: 'v1' });
const secret = 'sk-live-very-secret';

describe('createVault', () => {
  it('seals the same material differently each time, and opens it again', () => {
    const [first, second] = [vault.seal('key-1', secret), vault.seal('key-1', secret)];
    expect(first.nonce).not.toBe(second.nonce);
    expect(first.ciphertext).not.toBe(second.ciphertext);
    expect(first.fingerprint).toBe(second.fingerprint);
    expect(vault.open(first)).toBe(secret);
    expect(JSON.stringify(first)).not.toContain(secret);
  });

  it.each<[string, (sealed: SealedSecret) => SealedSecret]>([
    ['another record’s', (sealed) => ({ ...sealed, recordId: 'key-2' })],
    ['a changed ciphertext', (sealed) => ({ ...sealed, ciphertext: flip(sealed.ciphertext) })],
    ['a changed nonce', (sealed) => ({ ...sealed, nonce: flip(sealed.nonce) })],
    ['a changed tag', (sealed) => ({ ...sealed, tag: flip(sealed.tag) })],
    ['a shortened tag', (sealed) => ({ ...sealed, tag: sealed.tag.slice(0, 8) })],
    ['an unknown master key’s', (sealed) => ({ ...sealed, keyVersion: 'v9' })],
  ])('does not open %s record', (_, change) => {
    const sealed = vault.seal('key-1', secret);
    expect(() => vault.open(change(sealed))).toThrow('masterKeys');
  });

  it('refuses to start with a wrong master key, or one of the wrong size', () => {
    const existing = [vault.seal('key-1', secret)];
    expect(() => createVault({ masterKeys: { v1: v2 }, currentVersion: 'v1', existing })).toThrow(
      'does not open the record "key-1"',
    );
    expect(() => createVault({ masterKeys: { v1: randomBytes(16) }, currentVersion: 'v1' })).toThrow(
      '32 bytes',
    );
    expect(() => createVault({ masterKeys: { v1 }, currentVersion: 'v2' })).toThrow('version "v2"');
  });

  it('wraps records anew under the current master key while the older one still opens', () => {
    const old = vault.seal('key-1', secret);
    const both = createVault({ masterKeys: { v1, v2 }, currentVersion: 'v2', existing: [old] });
    const fresh = both.rewrap(old);
    expect(fresh.keyVersion).toBe('v2');
    expect(both.rewrap(fresh)).toBe(fresh);
    const after = createVault({ masterKeys: { v2 }, currentVersion: 'v2', existing: [fresh] });
    expect(after.open(fresh)).toBe(secret);
  });
});

function flip(base64: string): string {
  const bytes = Buffer.from(base64, 'base64');
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  return bytes.toString('base64');
}
