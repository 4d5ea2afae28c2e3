import { createAzureOpenAI } from '@genops/azure-openai';
import { createBedrock } from '@genops/bedrock';
import { type Provider, withBaseUrl } from '@genops/core';
import { createVertex } from '@genops/google';
import { createHelicone } from '@genops/helicone';
import { openaiCompatible } from '@genops/openai-compatible';
import { createSkyRouter } from '@genops/skyrouter';
import { type ConfiguredEntry, providerId, providerTypes } from './config.ts';

type Entry = Exclude<ConfiguredEntry, { type: 'simulated' }>;

/** The record of a provider as a configuration names it: where it is, and what its users call its models. */
export function providerOf(entry: Entry): Provider {
  return { ...recordOf(entry), id: providerId(entry) };
}

function recordOf(entry: Entry): Provider {
  const { type, baseUrl, deployments, location } = entry;
  if (baseUrl === undefined) {
    if (type === 'aws-bedrock' && location !== undefined) return createBedrock({ region: location });
    if (type === 'google-vertex' && location !== undefined) return createVertex({ location });
    return providerTypes[type];
  }
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
