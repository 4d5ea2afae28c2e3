import { type CostLine, Decimal } from '@genops/core';

/** What is counted, in FOCUS' form of units: capitalised, in the plural. Everything else is counted in tokens. */
const unitNames: Readonly<Partial<Record<CostLine['meter'], string>>> = {
  request: 'Requests',
  gateway_fee: 'Requests',
  web_search: 'Searches',
  web_result: 'Results',
  web_fetch: 'Requests',
  search_query: 'Queries',
  grounded_prompt: 'Prompts',
  file_search: 'Searches',
  search_unit: 'Units',
  code_session: 'Sessions',
  image: 'Images',
  video_second: 'Seconds',
  audio_second: 'Seconds',
  character: 'Characters',
  page: 'Pages',
  annotated_page: 'Pages',
};

export function unitOf(meter: CostLine['meter']): string {
  return unitNames[meter] ?? 'Tokens';
}

/** `1000000 Tokens`, or `Requests` where the price is for one. */
export function pricingUnit({ meter, per }: Pick<CostLine, 'meter' | 'per'>): string {
  return per === '1' ? unitOf(meter) : `${per} ${unitOf(meter)}`;
}

/** A quantity in blocks of `per`: exact for powers of ten, and undefined where the division does not end. */
export function inBlocks(quantity: string, per: string): Decimal | undefined {
  if (/^10*$/.test(per)) return new Decimal(quantity).times(new Decimal(`1e-${per.length - 1}`));
  const blocks = new Decimal(quantity).div(per);
  return blocks.times(per).eq(quantity) ? blocks : undefined;
}
