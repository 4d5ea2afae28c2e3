import type { LedgerEntry } from '@genops/core';
import type { Attributes } from '@opentelemetry/api';
import { present } from '../spans/span-attributes.ts';
import type { AliasGroup } from './aliases.ts';

/** One more name of an attribute, as queries that were made for other tools ask for it. */
export interface SpanAlias {
  readonly name: string;
  readonly group: AliasGroup;
  readonly means: string;
  readonly read: (entry: LedgerEntry) => string | number | boolean | undefined;
}

/** What each group is about: the calls to one gateway, or all of them. */
const ofGroup: Readonly<Record<AliasGroup, (entry: LedgerEntry) => boolean>> = {
  genops: () => true,
  skyrouter: ({ provider }) => provider === 'skyrouter',
  openrouter: ({ provider }) => provider === 'openrouter',
  helicone: ({ provider }) => provider === 'helicone',
};

/** Compatibility names of span attributes. */
export const spanAttributeAliases: readonly SpanAlias[] = [
  { name: 'genops.provider', group: 'genops', means: 'who was asked', read: ({ provider }) => provider },
  {
    name: 'genops.model',
    group: 'genops',
    means: 'the model that answered, else the one that was asked for',
    read: ({ responseModel, requestModel }) => responseModel ?? requestModel,
  },
  {
    name: 'genops.timestamp',
    group: 'genops',
    means: 'when it was admitted or refused, in seconds since 1970',
    read: ({ at }) => Date.parse(at) / 1000,
  },
  { name: 'http.status_code', group: 'genops', means: 'HTTP status', read: ({ status }) => status },
  {
    name: 'genops.openrouter.routing_strategy',
    group: 'openrouter',
    means: 'how the gateway routed, in its own words, else how we did',
    read: ({ gateway, decision }) => gateway?.strategy ?? decision.routing?.strategy,
  },
  {
    name: 'genops.openrouter.predicted_provider',
    group: 'openrouter',
    means: 'whom the gateway had chosen first',
    read: ({ gateway }) => gateway?.predictedProvider,
  },
  {
    name: 'genops.openrouter.actual_provider',
    group: 'openrouter',
    means: 'who served behind the gateway',
    read: ({ gateway }) => gateway?.hostProvider,
  },
  {
    name: 'genops.openrouter.fallback_used',
    group: 'openrouter',
    means: 'whether somebody else than the first choice served; absent when the gateway did not say',
    read: ({ gateway }) => gateway?.fallbackUsed,
  },
  {
    name: 'genops.openrouter.request_id',
    group: 'openrouter',
    means: 'the id of the answer',
    read: ({ responseId }) => responseId,
  },
  {
    name: 'genops.cost.underlying_provider',
    group: 'openrouter',
    means: 'who served behind the gateway',
    read: ({ gateway }) => gateway?.hostProvider,
  },
  ...(['team', 'project', 'environment', 'customerId', 'costCenter', 'feature'] as const).map(
    (dimension): SpanAlias => ({
      name: `genops.skyrouter.${dimension.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`,
      group: 'skyrouter',
      means: `the attribute ${dimension}`,
      read: ({ attribution }) => attribution[dimension],
    }),
  ),
  {
    name: 'genops.skyrouter.route_efficiency_score',
    group: 'skyrouter',
    means: 'cost of the cheapest place that could serve, divided by that of the chosen one',
    read: ({ decision }) => decision.routing?.routeEfficiency,
  },
];

/** Names of other tools that no call can fill, and why. */
export const missingSpanAliases = [
  {
    name: 'genops.openrouter.preferred_provider',
    reason: 'what a caller prefers stands in the body of the request, which telemetry does not see',
  },
  { name: 'http.route', reason: 'calls go to addresses of providers; there is no route of a server' },
  { name: 'genops.request.<parameter>', reason: 'would put prompts into traces' },
] as const;

/** The attributes of an entry under the names that were asked for. */
export function spanAliases(entry: LedgerEntry, groups: readonly AliasGroup[]): Attributes {
  if (groups.length === 0) return {};
  return present(
    Object.fromEntries(
      spanAttributeAliases
        .filter(({ group }) => groups.includes(group) && ofGroup[group](entry))
        .map(({ name, read }) => [name, read(entry)]),
    ),
  );
}
