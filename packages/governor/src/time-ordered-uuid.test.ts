import { describe, expect, it } from 'vitest';
import { timeOrderedUuid } from './time-ordered-uuid.ts';

describe('timeOrderedUuid', () => {
  it('is a UUID of version 7 that begins with the milliseconds since 1970', () => {
    const id = timeOrderedUuid(new Date('2026-11-21T00:00:00.123Z'));
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const milliseconds = Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16);
    expect(milliseconds).toBe(Date.parse('2026-11-21T00:00:00.123Z'));
  });

  it('sorts as text by when it was made', () => {
    const instants = [0, 1, 255, 4096, Date.parse('1999-12-31'), Date.parse('2026-11-21'), 2 ** 47];
    const ids = instants.map((at) => timeOrderedUuid(new Date(at)));
    expect([...ids].sort()).toEqual(ids);
  });

  it('differs each time, also within one millisecond', () => {
    const at = new Date('2026-11-21');
    expect(new Set(Array.from({ length: 1000 }, () => timeOrderedUuid(at))).size).toBe(1000);
  });
});
