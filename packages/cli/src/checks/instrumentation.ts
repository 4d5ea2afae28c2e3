import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { currentRegistration } from '@genops/register/api';
import { type Finding, finding } from './problems.ts';
import { type CheckResult, checked } from './result.ts';
import type { Setup } from './setup.ts';

/** Packages that make spans for calls of LLM SDKs. */
const instrumentations: readonly RegExp[] = [
  /^@opentelemetry\/instrumentation-(openai|anthropic|google-genai)$/,
  /^@traceloop\/(node-server-sdk|instrumentation-(openai|anthropic|google-generativeai|vertexai|bedrock|cohere|together))$/,
  /^@arizeai\/openinference-instrumentation-/,
  /^(langfuse|@langfuse\/openai|langsmith|openlit|@helicone\/async|@sentry\/node|dd-trace|newrelic|weave|braintrust)$/,
];

/** Whether somebody else instruments the same calls. The ledger counts each once in any case. */
export async function checkInstrumentation(setup: Setup): Promise<CheckResult> {
  const packages = await dependenciesIn(setup.directory);
  const isOne = (name: string): boolean => instrumentations.some((pattern) => pattern.test(name));
  const preloaded = preloadedBy(setup.environment['NODE_OPTIONS']).filter(isOne);
  const others = [...new Set([...preloaded, ...packages.filter(isOne)])];
  const findings: Finding[] = others.map((name) => {
    const how = preloaded.includes(name) ? 'is preloaded by NODE_OPTIONS' : 'is installed';
    return finding('double-instrumentation', name, `${name} ${how} and can instrument LLM calls`);
  });
  const exports = Object.keys(setup.environment).some((name) => /^OTEL_EXPORTER_OTLP.*ENDPOINT$/.test(name));
  if (
    packages.includes('@anthropic-ai/sdk') &&
    exports &&
    !isOff(setup.environment['ANTHROPIC_OPEN_TELEMETRY'])
  )
    findings.push(
      finding('sdk-telemetry', '@anthropic-ai/sdk', 'The Anthropic SDK makes spans when a tracer is there'),
    );
  if (currentRegistration() === undefined && !isNative(globalThis.fetch))
    findings.push(finding('fetch-replaced', 'fetch', 'The global fetch is not the one of Node.js'));
  return checked('instrumentation', others.join(', ') || 'no other instrumentation found', findings);
}

/** What a program depends on, directly; nothing when there is no package.json. */
async function dependenciesIn(directory: string): Promise<readonly string[]> {
  try {
    const manifest = JSON.parse(await readFile(join(directory, 'package.json'), 'utf8')) as Record<
      string,
      unknown
    >;
    return ['dependencies', 'devDependencies', 'optionalDependencies'].flatMap((kind) =>
      Object.keys((manifest[kind] as object | undefined) ?? {}),
    );
  } catch {
    return [];
  }
}

/** `--require dd-trace/init` preloads the package `dd-trace`. */
function preloadedBy(options: string | undefined): readonly string[] {
  const flags =
    options?.matchAll(/(?:^|\s)(?:--require|-r|--import|--loader)(?:=|\s+)["']?([^\s"']+)/g) ?? [];
  return [...flags].map(([, specifier = '']) =>
    specifier
      .split('/')
      .slice(0, specifier.startsWith('@') ? 2 : 1)
      .join('/'),
  );
}

function isOff(value: string | undefined): boolean {
  return value === 'false' || value === '0';
}

function isNative(fetch: unknown): boolean {
  const source = Function.prototype.toString.call(fetch);
  return source.includes('[native code]') || /lazyUndici|undici/i.test(source);
}
