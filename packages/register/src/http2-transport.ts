import type { ClientHttp2Session, IncomingHttpHeaders } from 'node:http2';
import { type Flow, type Headers, type Transport, timeoutError, transportError } from '@genops/governor';

/** Makes attempts as streams of a session that the program has opened: with its certificates, to its address. */
export function http2Transport(request: ClientHttp2Session['request']): Transport {
  return ({ method, url, headers, body, timeoutMs }, answer) => {
    // Put together, not resolved: a signature covers the path as it is written.
    const path = url.slice(url.indexOf('/', url.indexOf('//') + 2));
    let done = false;
    let answered = false;
    let flow: Flow = { pause: () => {}, resume: () => {}, abort: () => finish() };
    const finish = (): boolean => {
      if (done) return false;
      done = true;
      clearTimeout(timer);
      return true;
    };
    const fail = (error: unknown): void => {
      if (finish()) answer.error(transportError(error, answered));
    };
    const timer = setTimeout(() => {
      if (!finish()) return;
      flow.abort();
      answer.error(timeoutError(timeoutMs));
    }, timeoutMs);
    timer.unref();

    try {
      const stream = request({ ...headers, ':method': method, ':path': path });
      let error: unknown;
      stream.on('response', (head) => {
        answered = true;
        if (!done) answer.head(Number(head[':status']), flat(head));
      });
      stream.on('data', (chunk: Buffer) => {
        if (!done) answer.data(chunk);
      });
      stream.on('error', (reason) => {
        error = reason;
      });
      // Also a stream that was reset has an end; its code tells.
      stream.on('close', () => {
        if (error === undefined && stream.rstCode === 0 && answered) finish() && answer.end();
        else fail(error ?? new Error(`The stream was reset with code ${stream.rstCode}`));
      });
      stream.end(body);
      flow = {
        pause: () => stream.pause(),
        resume: () => stream.resume(),
        abort: () => {
          finish();
          stream.close();
        },
      };
    } catch (error) {
      // The session is over: nobody has to be told before there is a flow.
      queueMicrotask(
        () => finish() && answer.error({ kind: 'not_sent', message: String(error), cause: error }),
      );
    }
    return { pause: () => flow.pause(), resume: () => flow.resume(), abort: () => flow.abort() };
  };
}

/** Without what HTTP/2 has for the status line. */
function flat(head: IncomingHttpHeaders): Headers {
  return Object.fromEntries(
    Object.entries(head)
      .filter(([name, value]) => !name.startsWith(':') && value !== undefined)
      .map(([name, value]) => [name, [value].flat().join(', ')]),
  );
}
