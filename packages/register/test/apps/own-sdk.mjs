import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import OpenAI from 'openai';

const exporter = new InMemorySpanExporter();
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
trace.setGlobalTracerProvider(
  new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }),
);

await trace.getTracer('app').startActiveSpan('request', async (span) => {
  await new OpenAI().chat.completions.create({
    model: 'gpt-4o-mini',
    messages: [{ role: 'user', content: 'Hello?' }],
    max_tokens: 20,
  });
  span.end();
});
const spans = exporter.getFinishedSpans();
const [call, request] = spans;
process.stdout.write(
  JSON.stringify({
    spans: spans.map(({ name }) => name),
    isBelow: call?.parentSpanContext?.spanId === request?.spanContext().spanId,
  }),
);
