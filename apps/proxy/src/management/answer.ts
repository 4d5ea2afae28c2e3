import type { IncomingMessage } from 'node:http';
import { z } from 'zod';

/** What a management request is answered with. */
export type Answer =
  | { readonly status: 200 | 201; readonly body: unknown }
  | { readonly status: 204 }
  | { readonly status: 400 | 404 | 405 | 409 | 413; readonly code: string; readonly message: string };

export function notFound(what: string): Answer {
  return { status: 404, code: 'not_found', message: `There is no ${what}` };
}

export function invalid(message: string): Answer {
  return { status: 400, code: 'invalid_request', message };
}

/** One page of a list. @param cursor - the place of the first one; opaque to callers */
export function pageOf<Item>(name: string, items: readonly Item[], query: URLSearchParams): Answer {
  const limit = limitIn(query);
  const start = Number(query.get('cursor') ?? 0);
  if (limit === undefined || !Number.isSafeInteger(start) || start < 0)
    return invalid('limit: expected 1 to 1000; cursor: expected one from the page before');
  const next = start + limit;
  return {
    status: 200,
    body: {
      [name]: items.slice(start, next),
      next_cursor: next < items.length ? String(next) : null,
    },
  };
}

/** @returns nothing when it is no number from 1 to 1000 */
export function limitIn(query: URLSearchParams): number | undefined {
  const limit = Number(query.get('limit') ?? 100);
  return Number.isInteger(limit) && limit >= 1 && limit <= 1000 ? limit : undefined;
}

const mostBytes = 65_536;

/** Reads a small JSON body and checks it. What is wrong is said without what was sent: it may hold a secret. */
export async function readBody<Schema extends z.ZodType>(
  request: IncomingMessage,
  schema: Schema,
): Promise<{ readonly value: z.output<Schema> } | { readonly wrong: Answer }> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).byteLength;
    if (bytes > mostBytes)
      return { wrong: { status: 413, code: 'request_too_large', message: `At most ${mostBytes} bytes` } };
    chunks.push(chunk as Buffer);
  }
  let document: unknown;
  try {
    document = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    return { wrong: invalid('The body is not JSON') };
  }
  const parsed = schema.safeParse(document);
  if (parsed.success) return { value: parsed.data };
  const [first] = parsed.error.issues;
  const path = first === undefined || first.path.length === 0 ? 'body' : z.core.toDotPath(first.path);
  return { wrong: invalid(`${path}: ${first?.message ?? 'is not as it must be'}`) };
}
