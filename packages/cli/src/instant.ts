import { ConfigurationError } from '@genops/core';

const secondsOf: Readonly<Record<string, number>> = { m: 60, h: 3_600, d: 86_400, w: 604_800 };

/**
 * An instant as people write it: a day (`2026-11-01`, in UTC), an instant with its zone, or a time ago (`7d`).
 *
 * @throws {ConfigurationError} for anything else
 */
export function instantOf(path: string, text: string, now: Date): string {
  const ago = /^(\d{1,6})([mhdw])$/.exec(text);
  if (ago !== null) {
    const seconds = Number(ago[1]) * (secondsOf[ago[2] as string] as number);
    return new Date(now.getTime() - seconds * 1000).toISOString();
  }
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(text);
  const isInstant = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/.test(text);
  const time = Date.parse(text);
  if (!(isDay || isInstant) || Number.isNaN(time)) {
    throw new ConfigurationError(path, `expected 2026-11-01, 2026-11-01T00:00:00Z or 7d, got "${text}"`);
  }
  return new Date(time).toISOString();
}
