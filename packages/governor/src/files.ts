import type { OpenedRequest, RequestFacts, UploadFormat } from '@genops/core';
import { parse, textOf } from './results/text.ts';

/** What this process has seen of files: what was uploaded to be ordered, and whose results one has. */
export interface Files {
  noteUpload(file: string, requests: readonly RequestFacts[]): void;
  requestsIn(file: string): readonly RequestFacts[] | undefined;
  noteOutput(file: string, order: string): void;
  orderOf(file: string): string | undefined;
}

/** The oldest are forgotten beyond that: an order then is what it is for a file that nobody saw. */
const mostFiles = 1_000;
const mostRequests = 100_000;

export function createFiles(): Files {
  const uploads = new Map<string, readonly RequestFacts[]>();
  const outputs = new Map<string, string>();
  let requestsKept = 0;
  const forget = (file: string): void => {
    requestsKept -= uploads.get(file)?.length ?? 0;
    uploads.delete(file);
  };
  return {
    noteUpload(file, requests) {
      forget(file);
      uploads.set(file, requests);
      requestsKept += requests.length;
      for (const oldest of uploads.keys()) {
        if (requestsKept <= mostRequests && uploads.size <= mostFiles) break;
        forget(oldest);
      }
    },
    requestsIn: (file) => uploads.get(file),
    noteOutput(file, order) {
      outputs.delete(file);
      outputs.set(file, order);
      const [oldest] = outputs.keys();
      if (outputs.size > mostFiles && oldest !== undefined) outputs.delete(oldest);
    },
    orderOf: (file) => outputs.get(file),
  };
}

/** Tells, out of the answer to an upload, under which id an order may name it. Never throws. */
export type UploadReader = (answer: Uint8Array) => void;

/** @returns `undefined` for an upload that is no order */
export function readUpload(
  files: Files,
  upload: UploadFormat,
  body: Uint8Array,
  contentType: string | undefined,
): UploadReader | undefined {
  const requests = upload.readRequests(body, contentType);
  if (requests === undefined || requests.length === 0) return undefined;
  return (answer) => {
    const id = upload.readId(parse(textOf([answer])));
    if (id !== undefined) files.noteUpload(id, requests);
  };
}

/** An order of a file that was uploaded through here is bounded by the requests in it. */
export function withFile(files: Files, opened: OpenedRequest): OpenedRequest {
  const { inputFile } = opened.facts;
  const requests = inputFile === undefined ? undefined : files.requestsIn(inputFile);
  if (requests === undefined) return opened;
  const [requestModel = opened.facts.requestModel, ...others] = new Set(
    requests.flatMap((request) => [request.requestModel, ...(request.alternativeModels ?? [])]),
  );
  return {
    ...opened,
    facts: {
      ...opened.facts,
      requestModel,
      ...(others.length > 0 && { alternativeModels: others }),
      requests,
      usageComes: 'later',
    },
  };
}
