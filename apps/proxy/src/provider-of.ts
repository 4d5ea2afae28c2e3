import { createAzureOpenAI } from '@genops/azure-openai';
import { createBedrock } from '@genops/bedrock';
import { type Provider, withBaseUrl } from '@genops/core';
import { createVertex } from '@genops/google';
import { createHelicone } from '@genops/helicone';
import { openaiCompatible } from '@genops/openai-compatible';
import { openrouterAppHeaders } from '@genops/openrouter';
import { createSkyRouter } from '@genops/skyrouter';
import { isSigned, signedBedrock } from './aws-credentials.ts';
import { type ConfiguredEntry, type Environment, providerId, providerTypes } from './config.ts';

type Entry = Exclude<ConfiguredEntry, { type: 'simulated' }>;

/** The record of a provider as a configuration names it: where it is, and what its users call its models. */
export function providerOf(entry: Entry, environment: Environment = {}): Provider {
  return { ...recordOf(entry, environment), id: providerId(entry) };
}

function recordOf(entry: Entry, environment: Environment): Provider {
  const { type, baseUrl, deployments, location, project } = entry;
  const placed = (provider: Provider): Provider =>
    baseUrl === undefined ? provider : withBaseUrl(provider, baseUrl);
  switch (type) {
    case 'aws-bedrock':
      return placed(
        isSigned(entry, environment)
          ? signedBedrock(location)
          : createBedrock(location === undefined ? {} : { region: location }),
      );
    case 'google-vertex':
      return placed(
        createVertex({
          ...(location !== undefined && { location }),
          ...(project !== undefined && { project }),
        }),
      );
    case 'openrouter': {
      const openrouter = placed(providerTypes.openrouter);
      return { ...openrouter, headers: { ...openrouterAppHeaders(environment), ...openrouter.headers } };
    }
  }
  if (baseUrl === undefined) return providerTypes[type];
  switch (type) {
    case 'azure':
      return createAzureOpenAI({ endpoint: baseUrl, ...(deployments !== undefined && { deployments }) });
    case 'skyrouter':
      return createSkyRouter({ baseUrl });
    case 'helicone':
      return createHelicone({ baseUrl });
    case 'openai-compatible':
      return openaiCompatible({ id: providerId(entry), baseUrl });
    default:
      return withBaseUrl(providerTypes[type], baseUrl);
  }
}
