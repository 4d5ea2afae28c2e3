import {
  type AnswerHandler,
  type Flow,
  type Transport,
  timeoutError,
  transportError,
} from '@genops/governor';
import { Agent, type Dispatcher } from 'undici';

/** A transport over pooled connections, and how to close them. */
export interface DispatchTransport {
  readonly transport: Transport;
  /** Ends what is under way as if the provider had broken off, and sends nothing any more. */
  cut(why: string): void;
  close(): Promise<void>;
}

/** Makes attempts with undici's `dispatch`: no web streams, no request or response objects on the way. */
export function createDispatchTransport(): DispatchTransport {
  const agent = new Agent({
    connections: 512,
    pipelining: 1,
    connectTimeout: 10_000,
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: 30_000,
  });
  const underWay = new Set<Exchange>();
  let cutBecause: string | undefined;
  const transport: Transport = (request, answer) => {
    if (cutBecause !== undefined) return refuse(answer, cutBecause);
    const slash = request.url.indexOf('/', request.url.indexOf('//') + 2);
    const exchange = new Exchange(answer, request.timeoutMs, underWay);
    agent.dispatch(
      {
        origin: slash === -1 ? request.url : request.url.slice(0, slash),
        path: slash === -1 ? '/' : request.url.slice(slash),
        method: request.method as Dispatcher.HttpMethod,
        headers: request.headers,
        body:
          request.body === undefined
            ? null
            : Buffer.from(request.body.buffer, request.body.byteOffset, request.body.byteLength),
        idempotent: false,
      },
      exchange,
    );
    return exchange;
  };
  const cut = (why: string): void => {
    cutBecause ??= why;
    for (const exchange of underWay) exchange.cut(why);
  };
  return { transport, cut, close: () => agent.close() };
}

/** Nothing was sent, so it is said as soon as somebody listens. */
function refuse(answer: AnswerHandler, message: string): Flow {
  let aborted = false;
  queueMicrotask(() => {
    if (!aborted) answer.error({ kind: 'not_sent', message });
  });
  const abort = (): void => {
    aborted = true;
  };
  return { pause: () => {}, resume: () => {}, abort };
}

/** One attempt: undici's side and the line's side of it. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #answer: AnswerHandler;
  readonly #timeoutMs: number;
  readonly #timer: NodeJS.Timeout;
  readonly #underWay: Set<Exchange>;
  #controller: Dispatcher.DispatchController | undefined;
  #done = false;
  #answered = false;

  constructor(answer: AnswerHandler, timeoutMs: number, underWay: Set<Exchange>) {
    this.#answer = answer;
    this.#underWay = underWay;
    underWay.add(this);
    this.#timeoutMs = timeoutMs;
    this.#timer = setTimeout(() => this.#expire(), timeoutMs);
  }

  pause(): void {
    this.#controller?.pause();
  }

  resume(): void {
    this.#controller?.resume();
  }

  abort(): void {
    if (this.#finish()) this.#controller?.abort(new Error('Aborted'));
  }

  cut(why: string): void {
    if (!this.#finish()) return;
    const error = new Error(why);
    this.#controller?.abort(error);
    this.#answer.error(
      this.#controller === undefined
        ? { kind: 'not_sent', message: why }
        : transportError(error, this.#answered),
    );
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#done) controller.abort(new Error('Aborted'));
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (this.#done || status < 200) return;
    this.#answered = true;
    const flat: Record<string, string> = {};
    for (const name in headers) {
      const value = headers[name];
      if (value !== undefined) flat[name] = typeof value === 'string' ? value : value.join(', ');
    }
    this.#answer.head(status, flat);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#done) this.#answer.data(chunk);
  }

  onResponseEnd(): void {
    if (this.#finish()) this.#answer.end();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (!this.#finish()) return;
    const neverSent = this.#controller === undefined;
    this.#answer.error(
      neverSent
        ? { kind: 'not_sent', message: reason(error), cause: error }
        : transportError(error, this.#answered),
    );
  }

  #expire(): void {
    if (!this.#finish()) return;
    this.#controller?.abort(new Error('Timed out'));
    this.#answer.error(timeoutError(this.#timeoutMs));
  }

  /** @returns true the first time */
  #finish(): boolean {
    if (this.#done) return false;
    this.#done = true;
    this.#underWay.delete(this);
    clearTimeout(this.#timer);
    return true;
  }
}

/** Several addresses that all failed come as one error without a message of its own. */
function reason(error: Error): string {
  return transportError(error, false).message;
}
