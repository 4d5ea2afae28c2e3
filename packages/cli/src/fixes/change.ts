import type { Document } from 'yaml';
import { editConfigFile } from '../configuration/edit-file.ts';
import { setEnvEntry } from '../configuration/env-file.ts';

/** Something to write, once somebody agreed to it. */
export type Change =
  | { readonly kind: 'variable'; readonly name: string; readonly value: string; readonly isSecret: boolean }
  | {
      readonly kind: 'configuration';
      /** What it will say, for people. */
      readonly text: string;
      readonly edit: (document: Document) => void;
    };

/** Where changes go. */
export interface Files {
  readonly configuration: string;
  readonly variables: string;
}

/** What is about to be written, and where; never a secret. */
export function describeChange(change: Change, files: Files): string {
  if (change.kind === 'configuration') return `${change.text}, into ${files.configuration}`;
  return `${change.name}=${change.isSecret ? '…' : change.value}, into ${files.variables}`;
}

export async function makeChange(change: Change, files: Files): Promise<void> {
  if (change.kind === 'configuration') await editConfigFile(files.configuration, change.edit);
  else await setEnvEntry(files.variables, change.name, change.value);
}
