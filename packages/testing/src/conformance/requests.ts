import { type Dialect, hasErrorCode } from '@genops/core';
import { expect, it } from 'vitest';
import type { ExchangeFixture } from './provider-fixtures.ts';

/** Requests are read, left alone, and changed only where that was asked for. */
export function testRequests(dialect: Dialect, { path, request }: ExchangeFixture): void {
  const open = (bytes: Uint8Array, at = path) => dialect.openRequest(bytes, at, request.contentType);

  it('reads its request', () => {
    expect(open(request.bytes).facts).toMatchObject(request.facts);
  });

  it('forwards the very same bytes when nothing changes', () => {
    expect(open(request.bytes).rewrite({})).toBe(request.bytes);
  });

  if (request.takesCap ?? true) {
    it('changes the cap and nothing else', () => {
      const { facts, rewrite } = open(request.bytes);
      const changed = open(rewrite({ maxOutputTokens: 7 })).facts;
      expect(changed).toEqual({ ...facts, maxOutputTokens: 7, inputBytes: changed.inputBytes });
    });
  }

  if (request.hasFixedModel !== true) {
    it('changes the model and nothing else', () => {
      const { facts, rewrite, rewritePath } = open(request.bytes);
      const changes = { model: 'another-model' };
      const changed = open(rewrite(changes), rewritePath?.(changes) ?? path).facts;
      expect(changed).toEqual({ ...facts, requestModel: 'another-model', inputBytes: changed.inputBytes });
    });
  }

  it('asks for usage and changes nothing else', () => {
    const { facts, rewrite } = open(request.bytes);
    const changed = open(rewrite({ reportUsage: true }));
    if (facts.stream) expect(changed.usageRequested).toBe(true);
    expect(changed.facts).toEqual({ ...facts, inputBytes: changed.facts.inputBytes });
  });

  it.each(['', '{', 'null', '[]', '"text"', '\u0000'])('refuses %j', (text) => {
    expect(() => open(Buffer.from(text))).toThrow(
      expect.toSatisfy((error: unknown) => hasErrorCode(error, 'invalid_request')),
    );
  });
}
