import type { Meter, MeterQuantities, RequestFacts, UsageCounter } from '@genops/core';
import { outputMeters } from './meter-facts.ts';
import type { PricedModelEntry } from './schema.ts';
import type { Sheet, SheetRate } from './sheet.ts';

/** What a bound or an estimate assumes where neither the request nor the catalogue says anything. */
export interface Assumptions {
  /** Cap of an answer when the caller set none and the model's own is not known. */
  readonly maxOutputTokens: number;
  /** Tokens that providers put into a prompt themselves: framing, a system prompt, tool instructions. */
  readonly promptOverheadTokens: number;
  /** Searches of a request that lets the model search the web, and does not say how often. */
  readonly searches: number;
  /** Tokens of an answer that is long enough, for estimates. */
  readonly expectedOutputTokens: number;
  /** UTF-8 bytes of a request for each token that it becomes, for estimates. */
  readonly bytesPerToken: number;
  /** Tokens of an image, a recording or a file whose size nothing shows, for estimates. */
  readonly mediaTokens: number;
}

export const usualAssumptions: Assumptions = {
  maxOutputTokens: 4096,
  promptOverheadTokens: 512,
  searches: 10,
  expectedOutputTokens: 512,
  bytesPerToken: 4,
  mediaTokens: 1000,
};

/** Meters that text of a prompt can be charged by. */
const textMeters = [
  'input',
  'cache_read',
  'cache_write_5m',
  'cache_write_1h',
] as const satisfies readonly Meter[];

type MediaKind = keyof NonNullable<RequestFacts['media']>;

/** Meters that media of a prompt can be charged by, besides those of text. A film has sound, a file may be anything. */
const mediaMeters: { readonly [Kind in MediaKind]: readonly Meter[] } = {
  image: ['input_image', 'cache_read_image'],
  audio: ['input_audio', 'cache_read_audio'],
  video: ['input_video', 'input_audio', 'input_image'],
  file: ['input_image', 'input_audio', 'input_video', 'cache_read_image', 'cache_read_audio'],
};

/** Tokens of a prompt, by what the dearest meter for them is. */
export interface PromptTokens {
  readonly text: number;
  readonly media: number;
}

/**
 * The most tokens that a request's prompt can have. Text has at most one token for each byte, an image has
 * what its model makes of one, everything else may fill the context window.
 *
 * @returns undefined when there is media whose size nothing bounds
 */
export function mostPromptTokens(
  facts: RequestFacts,
  { contextTokens, maxImageTokens }: PricedModelEntry,
  { promptOverheadTokens }: Assumptions,
): PromptTokens | undefined {
  const { image = 0, audio = 0, video = 0, file = 0 } = facts.media ?? {};
  const window = contextTokens ?? Number.POSITIVE_INFINITY;
  const unbounded = audio + video + file > 0 || (image > 0 && maxImageTokens === undefined);
  const media = unbounded ? window : Math.min(window, image * (maxImageTokens ?? 0));
  if (media === Number.POSITIVE_INFINITY) return undefined;
  return { media, text: Math.min(facts.inputBytes + promptOverheadTokens, window - media) };
}

/** Each answer's cap, and whether somebody has to tell the provider. */
export interface OutputCap {
  readonly tokens: number;
  /** True when neither the caller nor the model sets it. */
  readonly assumed: boolean;
}

export function outputCap(
  facts: RequestFacts,
  { contextTokens, maxOutputTokens }: PricedModelEntry,
  assumptions: Assumptions,
): OutputCap {
  const window = contextTokens ?? Number.POSITIVE_INFINITY;
  if (facts.maxOutputTokens !== undefined)
    return { tokens: Math.min(facts.maxOutputTokens, window), assumed: false };
  if (maxOutputTokens !== undefined) return { tokens: maxOutputTokens, assumed: false };
  return { tokens: Math.min(assumptions.maxOutputTokens, window), assumed: true };
}

/** Puts the tokens of a call on the dearest meters that they can be charged by. */
export function dearestQuantities(
  sheet: Sheet,
  facts: RequestFacts,
  prompt: PromptTokens,
  outputTokens: number,
): MeterQuantities {
  const kinds = Object.keys(facts.media ?? {}) as MediaKind[];
  const text = dearest(sheet, textMeters);
  const media = dearest(sheet, [...textMeters, ...kinds.flatMap((kind) => mediaMeters[kind])]);
  const output = dearest(sheet, outputMeters);
  const quantities: { [M in Meter]?: number } = {};
  const add = (meter: Meter | undefined, quantity: number): void => {
    if (meter !== undefined && quantity > 0) quantities[meter] = (quantities[meter] ?? 0) + quantity;
  };
  add(text, prompt.text);
  add(media, prompt.media);
  add(output, outputTokens);
  return quantities;
}

function dearest(sheet: Sheet, candidates: readonly Meter[]): Meter | undefined {
  let found: Meter | undefined;
  let highest = -1;
  for (const meter of candidates) {
    const rate = sheet.rates[meter]?.[0];
    if (rate === undefined) continue;
    const price = pricePerUnit(rate);
    if (price > highest) {
      highest = price;
      found = meter;
    }
  }
  return found;
}

/** Good enough to compare by. */
function pricePerUnit({ steps, divisor }: SheetRate): number {
  return Number(steps) / Number(divisor);
}

/** Counters of what is not tokens, by their meter. A request's options may say the most of each. */
const unitCounters: { readonly [M in Meter]?: UsageCounter } = {
  web_search: 'webSearches',
  web_result: 'webResults',
  web_fetch: 'webFetches',
  search_query: 'searchQueries',
  grounded_prompt: 'groundedPrompts',
  file_search: 'fileSearches',
  code_session: 'codeSessions',
  search_unit: 'searchUnits',
  image: 'images',
  video_second: 'videoSeconds',
  audio_second: 'audioSeconds',
  character: 'characters',
  page: 'pages',
  annotated_page: 'annotatedPages',
};

/** What a model that is not priced by tokens is for. */
const purposes = ['image', 'video_second', 'audio_second', 'character', 'page', 'search_unit'] as const;

/**
 * The most that a call can use besides tokens.
 *
 * @returns the name of a meter when it is what the model is for, and nothing says how much of it
 */
export function otherQuantities(
  sheet: Sheet,
  facts: RequestFacts,
  searches: number,
): MeterQuantities | Meter {
  const quantities: { [M in Meter]?: number } = {};
  if (sheet.rates.request !== undefined) quantities.request = 1;
  if ((facts.options?.['searchContextSize'] ?? facts.options?.['grounding']) !== undefined) {
    if (sheet.rates.web_search !== undefined) quantities.web_search = searches;
    if (sheet.rates.search_query !== undefined) quantities.search_query = searches;
    if (sheet.rates.grounded_prompt !== undefined) quantities.grounded_prompt = 1;
  }
  for (const meter in unitCounters) {
    const most = facts.options?.[unitCounters[meter as Meter] as UsageCounter];
    if (typeof most === 'number') quantities[meter as Meter] = most;
  }
  if (sheet.rates.input !== undefined || sheet.rates.output !== undefined) return quantities;
  for (const meter of purposes) {
    if (sheet.rates[meter] === undefined || quantities[meter] !== undefined) continue;
    if (meter === 'image') quantities.image = facts.choices;
    else if (meter === 'character') quantities.character = facts.inputBytes;
    else return meter;
  }
  return quantities;
}
