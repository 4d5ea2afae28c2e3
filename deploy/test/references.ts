/** The variables that a configuration refers to, sorted. */
export function referencesIn(configuration: string): readonly string[] {
  return [
    ...new Set([...configuration.matchAll(/\benv:([A-Z_][A-Z0-9_]*)/g)].map(([, name]) => name ?? '')),
  ].sort();
}
