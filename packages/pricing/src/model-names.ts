import type { Meter } from '@genops/core';

/** A name under which a model may be listed, and what the longer name said besides. */
export interface NameCandidate {
  readonly name: string;
  readonly region?: string;
  /** What calls by this name use without reporting it. */
  readonly assumed?: { readonly [M in Meter]?: number };
  /** The date in the name was taken off: the listing is of the undated model. */
  readonly undated?: true;
}

/**
 * The names to look a model up by, the longest first: as given, then freed of what a provider's own
 * conventions wrap around it, then without its date. Never a mere prefix: what is left out always has a
 * meaning that is known.
 */
export function nameCandidates(provider: string, model: string): readonly NameCandidate[] {
  const found: NameCandidate[] = [];
  const seen = new Set<string>();
  const add = (candidate: NameCandidate): void => {
    if (seen.has(candidate.name) || candidate.name === '') return;
    seen.add(candidate.name);
    found.push(candidate);
  };
  add({ name: model });
  for (const unwrap of [...(conventions[provider] ?? []), ownPrefix(provider)]) {
    for (const candidate of [...found]) {
      const unwrapped = unwrap(candidate.name);
      if (unwrapped !== undefined) add({ ...candidate, ...unwrapped });
    }
  }
  for (const candidate of [...found]) add({ ...candidate, name: spelling(candidate.name) });
  for (const candidate of [...found]) {
    for (const name of undatedNames(candidate.name)) add({ ...candidate, name, undated: true });
  }
  return found;
}

type Unwrap = (name: string) => NameCandidate | undefined;

/** `publishers/google/models/…`, `projects/…/locations/…/publishers/…/models/…`, `models/…`. */
const resourcePath: Unwrap = (name) => {
  const match = /^(?:.*\/locations\/([^/]+)\/)?(?:publishers\/[^/]+\/)?(?:models|tunedModels)\/(.+)$/.exec(
    name,
  );
  if (match === null) return undefined;
  const [, region, model] = match;
  return { name: model as string, ...(region !== undefined && { region }) };
};

/** `claude-opus-5@20260101`, `…@default`, `…@latest`: the version after the at sign. */
const vertexVersion: Unwrap = (name) => {
  const match = /^([^@]+)@(?:\d{8}|\d{3}|default|latest)$/.exec(name);
  return match === null ? undefined : { name: match[1] as string };
};

const vertexDate: Unwrap = (name) => {
  const match = /^([^@]+)@(\d{8})$/.exec(name);
  return match === null ? undefined : { name: `${match[1]}-${match[2]}` };
};

/** `arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.…`. */
const bedrockArn: Unwrap = (name) => {
  const match = /^arn:aws[\w-]*:bedrock:([\w-]*):\d*:[\w-]+\/(.+)$/.exec(name);
  if (match === null) return undefined;
  const [, region, model] = match;
  return { name: model as string, ...(region !== '' && { region: region as string }) };
};

/** `us.anthropic.…`: a geographic profile; its price is that of the regions in it. */
const bedrockProfile: Unwrap = (name) => {
  const match = /^(us-gov|us|eu|apac|jp|au|ca|in)\.(.+)$/.exec(name);
  return match === null ? undefined : { name: match[2] as string, region: match[1] as string };
};

/** `…-v1:0:200k`: a context variant of a Bedrock model. */
const bedrockVariant: Unwrap = (name) => {
  const match = /^(.+-v\d+:\d+):\d+k$/.exec(name);
  return match === null ? undefined : { name: match[1] as string };
};

/** `:nitro`, `:floor` and `:exacto` only sort the hosts; `:online` adds a web search of five results. */
const openrouterSuffix: Unwrap = (name) => {
  const match = /^(.+?):(nitro|floor|exacto|online)((?::[\w-]+)?)$/.exec(name);
  if (match === null) return undefined;
  const [, model, suffix, rest] = match;
  return { name: `${model}${rest}`, ...(suffix === 'online' && { assumed: { web_result: 5 } }) };
};

/** `ft:gpt-4o-2024-08-06:acme::Abc123`: a fine-tuned model costs what its base costs when fine-tuned. */
const fineTuned: Unwrap = (name) => {
  const match = /^ft:([^:]+)(?::.*)?$/.exec(name);
  return match === null ? undefined : { name: `ft:${match[1]}` };
};

/** Azure leaves the dot out of some names. */
const azureSpelling: Unwrap = (name) =>
  name.includes('gpt-35') ? { name: name.replace('gpt-35', 'gpt-3.5') } : undefined;

/** `accounts/fireworks/models/…`. */
const fireworksPath: Unwrap = (name) => {
  const match = /^accounts\/[^/]+\/(?:models|routers)\/(.+)$/.exec(name);
  return match === null ? undefined : { name: match[1] as string };
};

/** How each provider wraps names, in the order in which the wrapping comes off. */
const conventions: Readonly<Record<string, readonly Unwrap[]>> = {
  openai: [fineTuned, azureSpelling],
  azure: [fineTuned, azureSpelling],
  'aws-bedrock': [bedrockArn, bedrockVariant, bedrockProfile, bedrockVariant],
  google: [resourcePath],
  'google-vertex': [resourcePath, vertexDate, vertexVersion],
  anthropic: [vertexDate, vertexVersion],
  openrouter: [openrouterSuffix, openrouterSuffix],
  fireworks: [fireworksPath],
};

/** `openai/gpt-4o` asked of OpenAI itself. */
function ownPrefix(provider: string): Unwrap {
  return (name) => (name.startsWith(`${provider}/`) ? { name: name.slice(provider.length + 1) } : undefined);
}

/**
 * One spelling for all the ways a name is written: lower case, dashes for dots and underscores, and Claude's
 * version after its family (`claude-4.5-sonnet` and `claude-sonnet-4-5` are one model).
 */
export function spelling(name: string): string {
  return name
    .toLowerCase()
    .replace(/[._]/g, '-')
    .replace(/\bclaude-(\d+(?:-\d{1,2})?)-(opus|sonnet|haiku|fable)\b/, 'claude-$2-$1');
}

/** `-2024-08-06`, `-20250929`, `-05-20`, `-08-2024`, and names of what is newest. */
const dateSuffix =
  /[-@](?:20\d{2}-[01]\d-[0-3]\d|20\d{2}[01]\d[0-3]\d|[01]\d-[0-3]\d|[01]\d-20\d{2}|latest|default)$/;
/** Bedrock writes a revision after the date; Gemini numbers stable revisions. */
const revisionSuffix = /-(?:v\d+(?::\d+)?|00[1-9])$/;

export function undatedNames(name: string): readonly string[] {
  const names: string[] = [];
  const unrevised = name.replace(revisionSuffix, '');
  if (unrevised !== name) names.push(unrevised);
  const undated = unrevised.replace(dateSuffix, '');
  if (undated !== unrevised) names.push(undated, `${undated}-latest`);
  return names;
}
