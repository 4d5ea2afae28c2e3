import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Prepared } from './answer.ts';
import type { Piece } from './formats/format.ts';
import type { OpenEntry } from './journal.ts';
import type { Fault, FaultPoint } from './reply.ts';

/** Sends an answer piece by piece, at the pace and with the fault that its reply asks for. */
export async function send(prepared: Prepared, entry: OpenEntry, response: ServerResponse): Promise<void> {
  const { reply } = prepared;
  const { fault } = reply;
  await pause(reply.delayMs, entry);
  if (isOver(entry)) return;
  if (fault?.kind === 'raw') {
    response.socket?.write(fault.bytes);
    await strike(fault.then ?? 'close', entry, response.socket);
    return;
  }
  const struck = (point: FaultPoint): Promise<boolean> =>
    strike(breakAt(fault, point), entry, response.socket);
  if (await struck('request')) return;

  const pieces = reply.pieceBytes === undefined ? prepared.body : cut(prepared.body, reply.pieceBytes);
  writeHead(prepared, entry, response);
  if (await struck('headers')) return;
  let tokens = 0;
  for (const piece of pieces) {
    if (entry.pieces > 0) await pause(reply.chunkDelayMs, entry);
    if (isOver(entry)) return;
    if (fault?.kind === 'error_event' && fault.after === entry.pieces) {
      response.end(prepared.errorEvent);
      return;
    }
    if (await struck(entry.pieces)) return;
    entry.pieces += 1;
    tokens += piece.outputTokens;
    entry.outputTokens = Math.round(tokens);
    if (!response.write(piece.text)) await Promise.race([once(response, 'drain'), entry.ended]);
  }
  if (await struck(entry.pieces)) return;
  response.end();
}

type Break = 'reset' | 'close' | 'hang';

function breakAt(fault: Fault | undefined, point: FaultPoint): Break | undefined {
  const breaks = fault?.kind === 'reset' || fault?.kind === 'close' || fault?.kind === 'hang';
  return breaks && fault.after === point ? fault.kind : undefined;
}

/**
 * What was written before it is with the client by then: a reset overtakes bytes that are still queued.
 *
 * @returns true when the answer is over
 */
async function strike(kind: Break | undefined, entry: OpenEntry, socket: Socket | null): Promise<boolean> {
  if (kind === undefined || kind === 'hang' || socket === null) return kind !== undefined;
  entry.end('broken');
  await new Promise((flushed) => socket.write('', flushed));
  await sleep(5);
  if (kind === 'reset') socket.resetAndDestroy();
  else socket.end();
  return true;
}

function writeHead(
  { status, headers, body, chunked }: Prepared,
  entry: OpenEntry,
  response: ServerResponse,
): void {
  const framed = chunked ? {} : { 'content-length': byteLength(body) };
  response.writeHead(status, { ...framed, ...headers } as Record<string, string | string[]>);
  response.flushHeaders();
  entry.status = status;
}

function byteLength(body: Iterable<Piece>): number {
  return Array.from(body).reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
}

/** The same bytes in pieces of another size; tokens count with the piece that completes their event. */
function* cut(pieces: Iterable<Piece>, size: number): Generator<Piece> {
  let kept = Buffer.alloc(0);
  let outputTokens = 0;
  for (const piece of pieces) {
    kept = Buffer.concat([kept, Buffer.from(piece.text as string)]);
    while (kept.byteLength > size) {
      yield { text: kept.subarray(0, size), outputTokens };
      kept = kept.subarray(size);
      outputTokens = 0;
    }
    outputTokens += piece.outputTokens;
  }
  if (kept.byteLength > 0) yield { text: kept, outputTokens };
}

/** Sleeps, but not longer than the client stays. */
async function pause(ms: number | undefined, entry: OpenEntry): Promise<void> {
  if (ms === undefined || ms === 0) return;
  const timer = new AbortController();
  await Promise.race([sleep(ms, undefined, { signal: timer.signal }).catch(() => undefined), entry.ended]);
  timer.abort();
}

function isOver(entry: OpenEntry): boolean {
  return entry.state !== 'answering';
}
