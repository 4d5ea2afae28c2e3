import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** A span as it came in, its attributes unpacked. */
export interface CollectedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** A real HTTP server on 127.0.0.1 that takes OTLP in JSON, or does not. */
export interface Collector {
  readonly url: string;
  /** What arrived, oldest first. */
  readonly requests: readonly {
    readonly path: string;
    readonly headers: IncomingHttpHeaders;
    readonly body: unknown;
  }[];
  /** Every span that was taken. */
  spans(): readonly CollectedSpan[];
  /** Names of all metrics that were taken. */
  metricNames(): readonly string[];
  /** Attributes of the resources that sent something. */
  resources(): readonly Readonly<Record<string, unknown>>[];
  /** `take` answers, `hang` reads and never answers, `fail` answers 400, which nobody sends again. */
  behave(how: 'take' | 'hang' | 'fail'): void;
  close(): Promise<void>;
}

interface Value {
  readonly stringValue?: string;
  readonly intValue?: number | string;
  readonly doubleValue?: number;
  readonly boolValue?: boolean;
  readonly arrayValue?: { readonly values?: readonly Value[] };
}
type Attributes = readonly { readonly key: string; readonly value: Value }[];
interface Export {
  readonly resource?: { readonly attributes?: Attributes };
  readonly scopeSpans?: readonly {
    readonly spans: readonly (CollectedSpan & { attributes: Attributes })[];
  }[];
  readonly scopeMetrics?: readonly { readonly metrics: readonly { readonly name: string }[] }[];
}

export async function startCollector(): Promise<Collector> {
  const requests: { path: string; headers: IncomingHttpHeaders; body: unknown }[] = [];
  const sockets = new Set<Socket>();
  let manner: 'take' | 'hang' | 'fail' = 'take';
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (manner === 'hang') return;
    if (manner === 'fail') {
      response.writeHead(400).end();
      return;
    }
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    requests.push({ path: request.url ?? '', headers: request.headers, body });
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const exportsOf = (member: 'resourceSpans' | 'resourceMetrics'): readonly Export[] =>
    requests.flatMap(({ body }) => (body as Record<string, readonly Export[] | undefined>)[member] ?? []);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    spans: () =>
      exportsOf('resourceSpans').flatMap(({ scopeSpans = [] }) =>
        scopeSpans.flatMap(({ spans }) =>
          spans.map((span) => ({ ...span, attributes: unpacked(span.attributes) })),
        ),
      ),
    metricNames: () => [
      ...new Set(
        exportsOf('resourceMetrics').flatMap(({ scopeMetrics = [] }) =>
          scopeMetrics.flatMap(({ metrics }) => metrics.map(({ name }) => name)),
        ),
      ),
    ],
    resources: () =>
      [...exportsOf('resourceSpans'), ...exportsOf('resourceMetrics')].map(({ resource }) =>
        unpacked(resource?.attributes ?? []),
      ),
    behave: (how) => {
      manner = how;
    },
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function unpacked(attributes: Attributes): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, unpack(value)]));
}

function unpack({ stringValue, intValue, doubleValue, boolValue, arrayValue }: Value): unknown {
  if (arrayValue !== undefined) return (arrayValue.values ?? []).map(unpack);
  return stringValue ?? doubleValue ?? boolValue ?? (intValue === undefined ? undefined : Number(intValue));
}
