import { modelInPath } from './model.ts';

/** Where paths name the model that serves: each pattern's first group, percent-encoded. */
export interface PathModel {
  /** @throws {InvalidRequestError} when it is named and cannot be one */
  readIn(path: string): string | undefined;
  /** The path with another model in it; the same one when there is nothing to change. */
  rename(path: string, model: string | undefined): string;
}

/** @param patterns - tried in this order */
export function pathModel(...patterns: readonly RegExp[]): PathModel {
  const patternFor = (path: string): RegExp | undefined => patterns.find((pattern) => pattern.test(path));
  const readIn = (path: string): string | undefined => {
    const pattern = patternFor(path);
    return pattern && modelInPath(path, pattern);
  };
  return {
    readIn,
    rename(path, model) {
      const pattern = patternFor(path);
      if (pattern === undefined || model === undefined || model === readIn(path)) return path;
      return path.replace(pattern, (found, encoded: string) =>
        found.replace(encoded, () => encodeURIComponent(model)),
      );
    },
  };
}
