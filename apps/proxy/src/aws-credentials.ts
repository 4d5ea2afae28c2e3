import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { awsKey, createSignedBedrock } from '@genops/bedrock/signed';
import type { Provider } from '@genops/core';
import type { AccessKey } from './aws-credentials-schema.ts';
import { type ConfiguredEntry, type Environment, resolveReference } from './config.ts';

/** Whether calls to Bedrock are signed; if not, they carry a bearer token. */
export function isSigned(entry: ConfiguredEntry, environment: Environment): boolean {
  if (entry.type !== 'aws-bedrock') return false;
  const { apiKey, credentials, keys } = entry;
  if (credentials !== undefined) return true;
  if (keys !== undefined) return keys.some(({ accessKeyId }) => accessKeyId !== undefined);
  return apiKey === undefined && !environment['AWS_BEARER_TOKEN_BEDROCK'];
}

/**
 * Bedrock with signed calls: with the key that each is given, else with whatever the AWS SDKs would find. They
 * look for it with the first call, and again shortly before it ends.
 */
export function signedBedrock(region: string | undefined): Provider {
  return createSignedBedrock({ ...(region !== undefined && { region }), credentials: defaultProvider() });
}

/**
 * An access key as one text.
 *
 * @throws {ConfigurationError} when a variable is not set
 */
export function accessKeyText(
  { accessKeyId, secretAccessKey, sessionToken }: AccessKey,
  environment: Environment,
  path: string,
): string {
  const read = (reference: string): string => resolveReference(environment, path, reference);
  return awsKey({
    accessKeyId: read(accessKeyId),
    secretAccessKey: read(secretAccessKey),
    ...(sessionToken !== undefined && { sessionToken: read(sessionToken) }),
  });
}
