import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What a configuration file said before an edit. */
export interface ConfigVersion {
  /** 1 for what it said before the last edit. */
  readonly number: number;
  /** When it was replaced, an instant. */
  readonly replacedAt: string;
  readonly file: string;
}

const most = 10;

/** Keeps what a file says now, before it is replaced. The oldest of more than ten goes. */
export async function keepVersion(path: string, text: string, at = new Date()): Promise<void> {
  const directory = directoryOf(path);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const [last] = await versionsOf(path);
  // Two edits in one millisecond are told apart by moving the second on.
  const time = Math.max(at.getTime(), last === undefined ? 0 : Date.parse(last.replacedAt) + 1);
  const name = `${new Date(time).toISOString().replaceAll(':', '.')}.yaml`;
  await writeFile(join(directory, name), text, { mode: 0o600, flag: 'wx' });
  for (const { file } of (await versionsOf(path)).slice(most)) await rm(file, { force: true });
}

/** The last first. */
export async function versionsOf(path: string): Promise<readonly ConfigVersion[]> {
  const directory = directoryOf(path);
  const names = await readdir(directory).catch(() => []);
  return names
    .filter((name) => /^\d{4}-\d{2}-\d{2}T[\d.]+Z\.yaml$/.test(name))
    .sort()
    .toReversed()
    .map((name, index) => ({ number: index + 1, replacedAt: instantOf(name), file: join(directory, name) }));
}

export function readVersion({ file }: ConfigVersion): Promise<string> {
  return readFile(file, 'utf8');
}

/** Beside the file, for its owner alone. */
function directoryOf(path: string): string {
  return `${path}.history`;
}

function instantOf(name: string): string {
  const [, day, hours, minutes, seconds] =
    /^(\d{4}-\d{2}-\d{2})T(\d{2})\.(\d{2})\.([\d.]+)Z/.exec(name) ?? [];
  return `${day}T${hours}:${minutes}:${seconds}Z`;
}
