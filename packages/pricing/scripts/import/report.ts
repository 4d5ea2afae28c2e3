import type { ImportSource } from './listing.ts';
import type { Reconciled } from './reconcile.ts';

/** What a reviewer has to know of an import: where sources disagree, and what was left out. */
export function reportText(sources: readonly ImportSource[], { conflicts, rejected }: Reconciled): string {
  const skipped = sources.flatMap((source) => source.skipped.map((line) => `${source.info.name}: ${line}`));
  return [
    '# Price import report',
    '',
    'Written by `pnpm import`. The newer source holds from the day on which it was looked at; rows of the overlay',
    'win over all of them.',
    '',
    `## Sources`,
    '',
    ...sources.map(
      ({ info, listings }) =>
        `- ${info.name} ${info.version}: ${listings.length} models, ${info.retrievedAt}`,
    ),
    '',
    `## Conflicts (${conflicts.length})`,
    '',
    '| Provider | Model | Older | Newer |',
    '| --- | --- | --- | --- |',
    ...conflicts.map(
      ({ provider, model, older, newer }) => `| ${provider} | ${model} | ${older} | ${newer} |`,
    ),
    '',
    `## Rejected as outliers (${rejected.length})`,
    '',
    ...rejected.map((line) => `- ${line}`),
    '',
    `## Left out (${skipped.length})`,
    '',
    ...skipped.map((line) => `- ${line}`),
    '',
  ].join('\n');
}
