import { InvalidRequestError, type OpenedRequest, type RequestFacts } from '@genops/core';
import { openMessagesRequest } from '../anthropic-messages/request.ts';
import { outline } from '../json/outline.ts';
import { openBrace } from '../json/scan.ts';
import { requireList } from '../request/parameters.ts';
import { present } from '../usage/fields.ts';

/** Where the single requests stand. */
const find = { within: ['requests'], keys: ['params'] };

/**
 * Opens an order of many Messages requests. Each is read like one that is sent by itself.
 *
 * @throws {InvalidRequestError} when no provider could serve one of them
 */
export function openBatchRequest(bytes: Uint8Array): OpenedRequest {
  const body = outline(bytes, { find });
  requireList(body, 'requests');
  const requests = body.found.map(({ span }): RequestFacts => {
    if (body.bytes[span.start] !== openBrace)
      throw new InvalidRequestError('The parameter "params" must be an object', 'requests');
    const { facts } = openMessagesRequest(body.bytes.subarray(span.start, span.end), '');
    return { ...facts, stream: false, serviceTier: 'batch' };
  });
  const [first, ...others] = new Set(requests.map(({ requestModel }) => requestModel));
  if (first === undefined) throw new InvalidRequestError('No request has "params"', 'requests');
  const alternatives = [...others, ...requests.flatMap((request) => request.alternativeModels ?? [])];
  return {
    facts: present<RequestFacts>({
      requestModel: first,
      alternativeModels: alternatives.length === 0 ? undefined : [...new Set(alternatives)],
      stream: false,
      choices: 1,
      serviceTier: 'batch',
      inputBytes: body.bytes.length,
      requests,
    }),
    usageRequested: true,
    rewrite: () => bytes,
  };
}
