import { open, readFile, rename, rm } from 'node:fs/promises';
import { parseEnv } from 'node:util';
import { ConfigurationError } from '@genops/core';

/** Variables of a `.env` file; none when there is no file. */
export async function readEnvFile(path: string): Promise<Readonly<Record<string, string | undefined>>> {
  return parseEnv(await textOf(path));
}

/**
 * Sets one variable in a `.env` file, which only its owner can read then. Other lines stay as they are.
 *
 * @throws {ConfigurationError} for a value that such a file cannot hold; it is not shown
 */
export async function setEnvEntry(path: string, name: string, value: string): Promise<void> {
  const quoted = quotedValue(value);
  if (quoted === undefined)
    throw new ConfigurationError(
      name,
      'expected one line of printable characters, and not all kinds of quotes',
    );
  const line = `${name}=${quoted}`;
  const before = (await textOf(path)).split(/\r?\n/);
  const isIt = (one: string): boolean => new RegExp(`^\\s*(export\\s+)?${name}\\s*=`).test(one);
  const place = before.findIndex(isIt);
  // Of several the last counts; one is left.
  const others = before.filter((one, index) => index === place || !isIt(one));
  const lines =
    place === -1
      ? [...others.slice(0, -1), ...[others.at(-1) || []].flat(), line, '']
      : others.with(place, line);
  await replace(path, lines.join('\n'));
}

async function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw new ConfigurationError(path, `cannot be read: ${error.message}`, { cause: error });
  });
}

function quotedValue(value: string): string | undefined {
  if (!/^[\u0020-\u007e]+$/.test(value)) return undefined;
  if (/^[A-Za-z0-9._~:/?&=@%+,-]+$/.test(value)) return value;
  const quote = ['"', "'", '`'].find((mark) => !value.includes(mark));
  return quote === undefined || value.includes('\\') ? undefined : `${quote}${value}${quote}`;
}

async function replace(path: string, content: string): Promise<void> {
  const aside = `${path}.edit`;
  const file = await open(aside, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    throw new ConfigurationError(path, `cannot be written (${aside}): ${error.message}`, { cause: error });
  });
  try {
    await file.writeFile(content);
    await file.sync();
    await file.close();
    await rename(aside, path);
  } catch (error) {
    await file.close().catch(() => {});
    await rm(aside, { force: true });
    throw error;
  }
}
