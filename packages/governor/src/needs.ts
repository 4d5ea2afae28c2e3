import type { RequestFacts } from '@genops/core';
import type { Capability, RequestNeeds } from '@genops/router';

/** English text has about four bytes to a token. */
export const bytesPerToken = 4;

/** What a request needs of whoever serves it, as far as it shows. */
export function needsOf(facts: Omit<RequestFacts, 'requestModel'>): RequestNeeds {
  const capabilities = capabilitiesOf(facts);
  return {
    inputTokens: Math.ceil(facts.inputBytes / bytesPerToken),
    outputTokens: facts.maxOutputTokens ?? 0,
    ...(capabilities.length > 0 && { capabilities }),
  };
}

function capabilitiesOf({
  media = {},
  needs = [],
}: Omit<RequestFacts, 'requestModel'>): readonly Capability[] {
  const needed: Capability[] = [...needs];
  if (media.image !== undefined) needed.push('vision');
  if (media.audio !== undefined) needed.push('audio');
  return needed;
}
