import type { Readable, Writable } from 'node:stream';
import { ConfigurationError } from '@genops/core';
import type { CommandContext } from '../context.ts';

/** Asks a person, one thing after the other. Every question can be answered with Ctrl-C. */
export interface Asker {
  /** Shows something that needs no answer. */
  say(text: string): void;
  confirm(question: string, options?: { readonly initial?: boolean }): Promise<boolean>;
  /** @param options.check - gives back what is wrong with an answer, for it to be asked again */
  text(question: string, options?: TextOptions): Promise<string>;
  /** What is typed is not shown. */
  secret(question: string, options?: Pick<TextOptions, 'check'>): Promise<string>;
  one(question: string, choices: readonly string[]): Promise<string>;
  several(question: string, choices: readonly string[]): Promise<readonly string[]>;
}

export interface TextOptions {
  /** Shown as an example, and not an answer by itself. */
  readonly example?: string;
  /** Whether nothing is an answer too. @default false */
  readonly optional?: boolean;
  readonly check?: (answer: string) => string | undefined;
}

/** Somebody answered with Ctrl-C. */
export class StoppedError extends Error {
  constructor() {
    super('Stopped');
    this.name = 'StoppedError';
  }
}

/**
 * Opens a conversation at the terminal. The library for it is loaded here and nowhere else.
 *
 * @throws {ConfigurationError} when there is no terminal
 */
export async function openAsker({ terminal }: CommandContext, instead: string): Promise<Asker> {
  if (terminal === undefined) {
    throw new ConfigurationError(
      '--interactive',
      `expected a terminal, and input or output is none; ${instead}`,
    );
  }
  return createAsker(terminal);
}

async function createAsker(terminal: {
  readonly input: Readable;
  readonly output: Writable;
}): Promise<Asker> {
  const { autocomplete, confirm, isCancel, log, multiselect, password, text } = await import(
    '@clack/prompts'
  );
  const answered = <Answer>(answer: Answer): Exclude<Answer, symbol> => {
    if (isCancel(answer)) throw new StoppedError();
    return answer as Exclude<Answer, symbol>;
  };
  const validate =
    ({ check, optional = false }: TextOptions) =>
    (value: string | undefined): string | undefined => {
      const answer = value?.trim() ?? '';
      if (answer === '') return optional ? undefined : 'An answer is needed; Ctrl-C stops';
      return check?.(answer);
    };
  const options = (choices: readonly string[]): { value: string }[] => choices.map((value) => ({ value }));
  return {
    say: (message) => log.message(message, { output: terminal.output }),
    confirm: async (message, { initial = false } = {}) =>
      answered(await confirm({ ...terminal, message, initialValue: initial })),
    text: async (message, own = {}) => {
      const { example } = own;
      const answer = await text({
        ...terminal,
        message,
        validate: validate(own),
        ...(example !== undefined && { placeholder: example }),
      });
      return (answered(answer) ?? '').trim();
    },
    secret: async (message, own = {}) =>
      answered(await password({ ...terminal, message, validate: validate(own) })).trim(),
    one: async (message, choices) =>
      answered(await autocomplete({ ...terminal, message, options: options(choices), maxItems: 10 })),
    several: async (message, choices) =>
      answered(
        await multiselect({ ...terminal, message, options: options(choices), required: true, maxItems: 12 }),
      ),
  };
}
