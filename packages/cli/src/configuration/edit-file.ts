import { type FileHandle, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { ConfigurationError, isGenOpsError } from '@genops/core';
import { readSettings } from '@genops/register/api';
import { type Document, parseDocument } from 'yaml';

/**
 * Changes a configuration file in place: comments and order stay, and readers see the old file or the new one,
 * never half of one. A file that was right is not made wrong.
 *
 * @throws {ConfigurationError} when the file cannot be read or is being edited, or the change is not right
 */
export async function editConfigFile(named: string, edit: (document: Document) => void): Promise<void> {
  const path = await realpath(named).catch(() => named);
  const aside = `${path}.edit`;
  const before = await stat(path).catch(() => undefined);
  const file = await openAlone(aside, path, before?.mode ?? 0o644);
  try {
    const document = await documentIn(path);
    const wasRight = before !== undefined && problemIn(path, path) === undefined;
    edit(document);
    await file.writeFile(document.toString({ lineWidth: 0 }));
    await file.sync();
    await file.close();
    const problem = wasRight || before === undefined ? problemIn(aside, path) : undefined;
    if (problem !== undefined) throw problem;
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
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw new ConfigurationError(path, `cannot be read: ${error.message}`, { cause: error });
  });
  const document = parseDocument(text);
  const [problem] = document.errors;
  if (problem !== undefined) {
    const line = problem.linePos?.[0].line ?? '?';
    throw new ConfigurationError(path, `line ${line}: ${problem.message.split('\n')[0]}`, {
      cause: problem,
    });
  }
  return document;
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
