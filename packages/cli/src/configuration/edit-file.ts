import { type FileHandle, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { ConfigurationError, isGenOpsError } from '@genops/core';
import { readSettings } from '@genops/register/api';
import { type Document, parseDocument } from 'yaml';
import { keepVersion } from './versions.ts';

/**
 * Changes a configuration file in place: comments and order stay, and readers see the old file or the new one,
 * never half of one. A file that was right is not made wrong, and what it said before is kept.
 *
 * @throws {ConfigurationError} when the file cannot be read or is being edited, or the change is not right
 */
export function editConfigFile(named: string, edit: (document: Document) => void): Promise<void> {
  return replaceConfigFile(named, (before, path) => {
    const document = parse(before, path);
    edit(document);
    return document.toString({ lineWidth: 0 });
  });
}

/**
 * Puts another text in place of a configuration file, under the same conditions as {@link editConfigFile}.
 *
 * @param replace - is given what the file says while nobody else can change it
 */
export async function replaceConfigFile(
  named: string,
  replace: (before: string, path: string) => string | Promise<string>,
): Promise<void> {
  const path = await realpath(named).catch(() => named);
  const aside = `${path}.edit`;
  const before = await stat(path).catch(() => undefined);
  const file = await openAlone(aside, path, before?.mode ?? 0o644);
  try {
    const text = await textIn(path);
    const wasRight = before !== undefined && problemIn(path, path) === undefined;
    await file.writeFile(await replace(text, path));
    await file.sync();
    await file.close();
    const problem = wasRight || before === undefined ? problemIn(aside, path) : undefined;
    if (problem !== undefined) throw problem;
    if (before !== undefined) await keepVersion(path, text);
    await rename(aside, path);
  } catch (error) {
    await file.close().catch(() => {});
    await rm(aside, { force: true });
    throw error;
  }
}

const waitMs = 50;

/** Opens a file that nobody else can open while it is there, so that two edits at once cannot undo each other. */
async function openAlone(aside: string, path: string, mode: number, patience = 40): Promise<FileHandle> {
  try {
    return await open(aside, 'wx', mode);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'EEXIST')
      throw new ConfigurationError(path, `cannot be written: ${message}`, { cause: error });
    if (patience === 0) {
      const expectation = `is being edited, or an edit was broken off: remove ${aside} if nobody is at it`;
      throw new ConfigurationError(path, expectation, { cause: error });
    }
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    return openAlone(aside, path, mode, patience - 1);
  }
}

/** The document of a configuration file; an empty one when there is no file yet. */
export async function documentIn(path: string): Promise<Document> {
  return parse(await textIn(path), path);
}

function textIn(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw new ConfigurationError(path, `cannot be read: ${error.message}`, { cause: error });
  });
}

function parse(text: string, path: string): Document {
  const document = parseDocument(text);
  const [problem] = document.errors;
  if (problem === undefined) return document;
  const line = problem.linePos?.[0].line ?? '?';
  throw new ConfigurationError(path, `line ${line}: ${problem.message.split('\n')[0]}`, { cause: problem });
}

/** What is wrong with a file, said of the file that it stands for. */
function problemIn(file: string, as: string): ConfigurationError | undefined {
  try {
    readSettings({ configFile: file }, { environment: {}, directory: '.' });
    return undefined;
  } catch (error) {
    if (!isGenOpsError(error)) throw error;
    return new ConfigurationError(as, error.message.replace(`${file}: `, ''), { cause: error });
  }
}
