import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { ConfigurationError } from '@genops/core';

/** A line of a file, or why it is none. */
export type JsonLine =
  | { readonly result: 'read'; readonly value: unknown }
  | { readonly result: 'not_json'; readonly number: number; readonly message: string };

/**
 * Reads a file of one JSON value to a line, one after the other, so that its size does not matter.
 *
 * @param file - `-` for standard input
 * @throws {ConfigurationError} when the file cannot be read
 */
export async function* readJsonLines(file: string, standardInput: Readable): AsyncGenerator<JsonLine> {
  const input = file === '-' ? standardInput : await openFile(file);
  let number = 0;
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    number += 1;
    if (line.trim() !== '') yield parseLine(line, number);
  }
}

async function openFile(file: string): Promise<Readable> {
  try {
    return (await open(file)).createReadStream();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigurationError(file, `cannot be read: ${reason}`, { cause: error });
  }
}

function parseLine(line: string, number: number): JsonLine {
  try {
    return { result: 'read', value: JSON.parse(line) };
  } catch (error) {
    return { result: 'not_json', number, message: error instanceof Error ? error.message : String(error) };
  }
}
