import type { Dialect, Provider } from '@genops/core';
import { classify, wordsOf } from '@genops/router';
import { expect, it } from 'vitest';
import './seen.ts';
import type { ExchangeFixture } from './provider-fixtures.ts';

/** Errors of ours look like errors of theirs. */
export function testErrors(
  provider: Provider,
  dialect: Dialect,
  { error: fixture, otherErrors = [], stream }: ExchangeFixture,
): void {
  const real: unknown = JSON.parse(text(fixture.bytes));

  it('finds no usage in its error', () => {
    expect(dialect.readAnswer(fixture.bytes).usage).toBeUndefined();
  });

  it.for(otherErrors)('finds no usage in its $status, which means $means', (other, { task }) => {
    const { status, bytes, means } = other;
    expect(dialect.readAnswer(bytes).usage).toBeUndefined();
    const failure = { kind: 'status', status, headers: {}, body: text(bytes) } as const;
    if (means !== undefined) expect(classify(wordsOf(provider.id, failure)).id).toBe(means);
    task.meta.seen = { error: { status, body: text(bytes) } };
  });

  it('renders an error in the shape of a real one', ({ task }) => {
    const rendered: unknown = JSON.parse(text(dialect.renderError(fixture.error)));
    const { lacks = [] } = fixture;
    expect(pathsOf(real).filter((path) => lacks.includes(path))).toEqual([]);
    expect([...pathsOf(real), ...lacks]).toEqual(expect.arrayContaining(pathsOf(rendered)));
    task.meta.seen = { error: { status: fixture.error.status, body: text(fixture.bytes) } };
    expect(text(dialect.renderError(fixture.error))).toContain(JSON.stringify(fixture.error.message));
  });

  if (stream === undefined) return;
  it('renders an error that its own stream reader sees', () => {
    const reader = dialect.createStreamReader({ withholdUsage: false });
    const event = dialect.renderStreamError(fixture.error);
    expect(Buffer.concat([...reader.push(event), ...reader.flush()])).toEqual(Buffer.from(event));
    expect(reader.facts()).toMatchObject({ complete: false, error: { message: fixture.error.message } });
  });
}

/** `error`, `error.message` … of every member. */
function pathsOf(value: unknown, prefix = ''): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [
    `${prefix}${key}`,
    ...pathsOf(inner, `${prefix}${key}.`),
  ]);
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8');
}
