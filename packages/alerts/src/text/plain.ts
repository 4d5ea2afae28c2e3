/** Control characters, and those that turn the direction of text: no line is broken or disguised by a name. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const unprintable = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]+/g;

/** Text as a message may carry it: on one line, without tricks, at most so many characters long. */
export function plain(text: string, characters: number): string {
  return cut(text.replace(unprintable, ' '), characters);
}

/** @returns at most so many UTF-16 units; a pair is never torn */
export function cut(text: string, characters: number): string {
  if (text.length <= characters) return text;
  return `${text.slice(0, characters - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

/** Puts `[hidden]` where a secret stands, whoever wrote the text. */
export function hide(text: string, secrets: readonly string[]): string {
  let hidden = text;
  for (const secret of [...secrets].sort((left, right) => right.length - left.length)) {
    if (secret.length >= 4) hidden = hidden.replaceAll(secret, '[hidden]');
  }
  return hidden;
}
