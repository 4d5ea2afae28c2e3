import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { prepare } from './answer.ts';
import { anthropicFormat } from './formats/anthropic.ts';
import type { WireFormat } from './formats/format.ts';
import { openaiFormat } from './formats/openai.ts';
import { createGate } from './gate.ts';
import { type JournalEntry, type OpenEntry, openEntry } from './journal.ts';
import { listen, shut } from './listen.ts';
import type { Reply, ReplyRule } from './reply.ts';
import { createScript } from './script.ts';
import { send } from './send.ts';

export interface FakeUpstreamOptions {
  /** The only key that is let in. @default 'sk-fake' */
  readonly apiKey?: string;
  /** What requests get that no rule matches. @default {} */
  readonly reply?: Reply;
  /** The first that matches answers; those added later are asked before these. @default [] */
  readonly rules?: readonly ReplyRule[];
  /** The APIs that it speaks; those that ask for more than a bearer token stand last. @default OpenAI, Anthropic */
  readonly formats?: readonly [WireFormat, ...WireFormat[]];
  /** @default 0, any free one */
  readonly port?: number;
}

/** A real HTTP server on 127.0.0.1 that behaves like a provider, well or badly, as it is told. */
export interface FakeUpstream {
  /** Without a path: `http://127.0.0.1:4010`. OpenAI clients add `/v1`. */
  readonly url: string;
  /** The only key that is let in. */
  readonly apiKey: string;
  /** Every request that arrived, oldest first. */
  readonly requests: readonly JournalEntry[];
  /** Requests that are read and wait for {@link FakeUpstream.releaseAll}. */
  readonly held: number;
  /** Replaces what requests get that no rule matches. */
  setReply(reply: Reply): void;
  /** Asked before all other rules. @returns takes the rule away again */
  addRule(rule: ReplyRule): () => void;
  /** From now on requests are read but not answered. */
  holdResponses(): void;
  /** Answers what was held, and holds nothing more. */
  releaseAll(): void;
  /** Resolves once so many requests are held at the same time. */
  waitForHeld(count: number): Promise<void>;
  /** Forgets all requests and rules, releases what is held, and returns to the first default reply. */
  reset(): void;
  /** Cuts every connection and stops. */
  close(): Promise<void>;
}

/**
 * Starts a fake provider.
 *
 * @returns once it listens
 */
export async function startFakeUpstream(options: FakeUpstreamOptions = {}): Promise<FakeUpstream> {
  const { apiKey = 'sk-fake', formats = [openaiFormat, anthropicFormat] } = options;
  const script = createScript(options.reply ?? {}, options.rules ?? []);
  const gate = createGate();
  let journal: JournalEntry[] = [];

  const server = createServer(async (request, response) => {
    const entry = openEntry(journal.length + 1, request.method ?? '', request.url ?? '', request.headers);
    journal.push(entry);
    endWith(entry, request, response);
    if (!(await receive(request, entry))) return;
    const prepared = prepare({ entry, formats, apiKey, script });
    entry.state = 'held';
    await gate.pass(entry.ended);
    if (entry.state !== 'held') return;
    entry.state = 'answering';
    await send(prepared, entry, response);
  });
  const port = await listen(server, options.port ?? 0);

  return {
    url: `http://127.0.0.1:${port}`,
    apiKey,
    get requests() {
      return journal;
    },
    get held() {
      return gate.waiting;
    },
    setReply: script.setDefault,
    addRule: script.addRule,
    holdResponses: gate.close,
    releaseAll: gate.open,
    waitForHeld: gate.waitFor,
    reset() {
      script.clear();
      gate.open();
      journal = [];
    },
    async close() {
      gate.open();
      await shut(server);
    },
  };
}

/** An answer that is not complete when its connection closes was cut by the client, unless the script did it. */
function endWith(entry: OpenEntry, request: IncomingMessage, response: ServerResponse): void {
  const close = (): void => entry.end(response.writableFinished ? 'answered' : 'client_aborted');
  response.on('close', close);
  request.on('error', close);
}

/** @returns false when the client went away before its request was complete */
async function receive(request: IncomingMessage, entry: OpenEntry): Promise<boolean> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer);
  } catch {
    return false;
  }
  entry.body = Buffer.concat(chunks);
  return entry.state === 'receiving';
}
