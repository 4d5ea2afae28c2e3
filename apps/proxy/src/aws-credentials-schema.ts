import { z } from 'zod';
import { reference } from './words-schema.ts';

const accessKeySchema = z.strictObject({
  accessKeyId: reference.meta({ description: 'Where the id of the access key is: env:NAME.' }),
  secretAccessKey: reference.meta({ description: 'Where its secret is: env:NAME.' }),
  sessionToken: reference
    .optional()
    .meta({ description: 'With credentials that end: where their token is.' }),
});

/** An access key as a configuration names it. */
export type AccessKey = z.output<typeof accessKeySchema>;

/** What calls to Bedrock are signed with. */
export const awsCredentialsSchema = z.union([z.literal('default'), accessKeySchema]).meta({
  description:
    'Of Bedrock: an access key, or default, which is whatever the AWS SDKs would find (variables, files, web identity, container, instance). Default: default, unless there is an apiKey, keys, or AWS_BEARER_TOKEN_BEDROCK.',
});

interface WithCredentials {
  readonly type: string;
  readonly credentials?: unknown;
  readonly keys?: readonly { readonly accessKeyId?: unknown; readonly sessionToken?: unknown }[] | undefined;
}

type Issue = readonly [path: readonly (string | number)[], message: string];

/** What of AWS stands where it cannot be, or is missing. */
export function awsIssues({ type, credentials, keys = [] }: WithCredentials): readonly Issue[] {
  const at = (index: number): Issue[0] => ['keys', index, 'accessKeyId'];
  if (type !== 'aws-bedrock') {
    const misplaced = keys.flatMap(({ accessKeyId, sessionToken }, index) =>
      accessKeyId === undefined && sessionToken === undefined ? [] : [[at(index), onlyBedrock] as const],
    );
    return credentials === undefined ? misplaced : [[['credentials'], onlyBedrock], ...misplaced];
  }
  const anySigned = keys.some(({ accessKeyId }) => accessKeyId !== undefined);
  return keys.flatMap(({ accessKeyId, sessionToken }, index) =>
    accessKeyId === undefined && (anySigned || sessionToken !== undefined)
      ? [[at(index), everyOrNone] as const]
      : [],
  );
}

const onlyBedrock = 'only aws-bedrock has AWS credentials';
const everyOrNone = 'expected one at every key, or at none of them: without it they are bearer tokens';
