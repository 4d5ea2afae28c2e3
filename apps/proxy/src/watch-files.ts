import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

export interface WatchOptions {
  /** Asked each time: which files matter may change with them. */
  readonly files: () => readonly string[];
  readonly onChange: () => void;
  /** @default 1000 */
  readonly everyMs?: number;
}

/**
 * Tells when the content of files has changed, once it is the same at two looks: a file that is still being
 * written is left alone. Looks at what is in them, because mounted and linked files tell nobody that they change.
 *
 * @returns ends it
 */
export function watchFiles({ files, onChange, everyMs = 1_000 }: WatchOptions): () => void {
  let known: string | undefined;
  let before: string | undefined;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const look = async (): Promise<void> => {
    const now = await digest(files());
    known ??= now;
    if (now !== known && now === before) {
      known = now;
      if (!stopped) onChange();
    }
    before = now;
    next(everyMs);
  };
  const next = (ms: number): void => {
    if (stopped) return;
    timer = setTimeout(() => void look(), ms);
    timer.unref();
  };
  next(0);
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

async function digest(files: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files) {
    const content = await readFile(file).catch(() => undefined);
    hash.update(`${file}\0${content === undefined ? 'missing' : content.byteLength}\0`);
    if (content !== undefined) hash.update(content);
  }
  return hash.digest('hex');
}
