/** How makers begin the names of their models, and how the price catalogue spells the maker. */
const makers: readonly (readonly [prefix: RegExp, maker: string])[] = [
  [/^(gpt-|chatgpt-|o\d|text-embedding-|davinci|babbage)/, 'openai'],
  [/^claude-/, 'anthropic'],
  [/^gemini-/, 'google'],
  [/^grok-/, 'x-ai'],
  [/^deepseek-/, 'deepseek'],
  [/^(mistral|ministral|magistral|codestral|pixtral|open-mi)/, 'mistral'],
  [/^command-/, 'cohere'],
  [/^sonar/, 'perplexity'],
];

/** Other spellings under which gateways name a maker or host. */
const spellings: Readonly<Record<string, string>> = {
  xai: 'x-ai',
  mistralai: 'mistral',
  bedrock: 'aws-bedrock',
  vertex: 'google-vertex',
  gemini: 'google',
  'google-ai-studio': 'google',
  'azure-openai': 'azure',
};

/**
 * Who makes a model, told from how its name begins, as the price catalogue spells it.
 *
 * @returns nothing for names that several sell under, such as Llama's
 */
export function makerOf(model: string): string | undefined {
  const name = model.toLowerCase();
  return makers.find(([prefix]) => prefix.test(name))?.[1];
}

/** A provider that a gateway named, as the price catalogue spells it: `xai` is `x-ai`. */
export function catalogueProvider(name: string): string {
  const lower = name.toLowerCase();
  return spellings[lower] ?? lower;
}
