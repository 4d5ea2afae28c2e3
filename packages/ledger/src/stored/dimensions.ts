/** Lengths of the periods that entries are summed up in as they are written. */
export const rollupGrains = { quarterHourMs: 900_000, dayMs: 86_400_000 } as const;

/** Dimensions of the roll-ups: every one that has few values. Column names are the dimensions in snake case. */
export const groupDimensions = [
  'kind',
  'provider',
  'operation',
  'model',
  'responseModel',
  'region',
  'hostProvider',
  'organization',
  'team',
  'project',
  'environment',
  'customerId',
  'userId',
  'feature',
  'costCenter',
  'workflow',
  'keyId',
] as const;

export function columnOf(dimension: string): string {
  return dimension.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
