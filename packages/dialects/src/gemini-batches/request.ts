import { InvalidRequestError, type OpenedRequest, type RequestFacts } from '@genops/core';
import { openGeminiRequest, requireModelIn } from '../gemini/request.ts';
import { outline } from '../json/outline.ts';
import { at, present, textAt } from '../usage/fields.ts';

/**
 * Opens an order of the Batch API. Requests that stand in it are read like those that are sent by themselves;
 * of an order that names an uploaded file, nothing tells what it can come to.
 *
 * @throws {InvalidRequestError} when no provider could serve one of them
 */
export function openGeminiBatch(bytes: Uint8Array, path: string): OpenedRequest {
  const model = requireModelIn(path);
  const body = outline(bytes);
  const input = inputOf(JSON.parse(body.bytes.toString('utf8')));
  const requests = requestsIn(input)?.map((item) => readRequest(item, model));
  const named = new Set(requests?.map(({ requestModel }) => requestModel));
  named.delete(model);
  return {
    facts: present<RequestFacts>({
      requestModel: model,
      alternativeModels: named.size === 0 ? undefined : [...named],
      stream: false,
      choices: 1,
      serviceTier: 'batch',
      inputBytes: body.bytes.length,
      requests,
      usageComes: requests === undefined ? 'never' : undefined,
    }),
    usageRequested: true,
    rewrite: () => bytes,
  };
}

function inputOf(order: unknown): unknown {
  return at(order, 'batch.inputConfig') ?? at(order, 'batch.input_config');
}

/** @returns `undefined` where the order names a file */
function requestsIn(input: unknown): readonly unknown[] | undefined {
  const requests = at(input, 'requests.requests');
  if (requests === undefined) return undefined;
  if (!Array.isArray(requests) || requests.length === 0)
    throw new InvalidRequestError('The parameter "requests" must be a list of requests', 'requests');
  return requests;
}

function readRequest(item: unknown, model: string): RequestFacts {
  const request = at(item, 'request');
  if (typeof request !== 'object' || request === null)
    throw new InvalidRequestError('The parameter "request" must be an object', 'requests');
  const own = textAt(request, 'model')?.replace(/^models\//, '') ?? model;
  const { facts } = openGeminiRequest(Buffer.from(JSON.stringify(request)), `/models/${own}:generateContent`);
  return { ...facts, stream: false, serviceTier: 'batch' };
}
