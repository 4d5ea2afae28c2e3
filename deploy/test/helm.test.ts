import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseConfig } from '@genops/proxy';
import { afterAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { valuesSchema } from '../scripts/values-schema.ts';
import { kubernetesTools } from './kubernetes-tools.ts';
import { type Manifest, problemsOf, readManifests, theOne } from './manifest.ts';
import { restrictedProblems } from './restricted.ts';

const { helm } = kubernetesTools();
const chart = fileURLToPath(new URL('../helm/genops', import.meta.url));
const ci = (name: string): Values => parse(readFileSync(join(chart, 'ci', `${name}-values.yaml`), 'utf8'));
const folder = mkdtempSync(join(tmpdir(), 'genops-chart-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Values = Readonly<Record<string, unknown>>;
const sqlite = ci('sqlite');
const postgres = ci('postgres');
const withValues = (values: Values, more: Values): Values => ({ ...values, ...more });
const configOf = (values: Values, more: Values): Values => ({
  ...values,
  config: { ...(values['config'] as Values), ...more },
});

let files = 0;
function runHelm(command: readonly string[], values: Values) {
  const file = join(folder, `values-${files++}.yaml`);
  writeFileSync(file, stringify(values));
  return spawnSync(helm as string, [...command, chart, '--values', file], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: folder },
  });
}

function render(values: Values): readonly Manifest[] {
  const { status, stdout, stderr } = runHelm(['template', 'shop', '--namespace', 'llm'], values);
  if (status !== 0) throw new Error(stderr);
  return readManifests(stdout);
}

const podOf = (manifests: readonly Manifest[]) => theOne(manifests, 'Deployment')['spec'].template.spec;
const genopsYaml = (manifests: readonly Manifest[]): string =>
  theOne(manifests, 'ConfigMap')['data']['genops.yaml'];

describe('values.schema.json', () => {
  it('checks `config` as the proxy does', () => {
    expect(JSON.parse(readFileSync(join(chart, 'values.schema.json'), 'utf8'))).toEqual(
      JSON.parse(JSON.stringify(valuesSchema())),
    );
  });
});

describe.skipIf(helm === undefined)('the chart, rendered by Helm', () => {
  it.each([
    ['SQLite', sqlite],
    ['Postgres and everything else', postgres],
  ])('is one that Helm lints and Kubernetes’ schemas know, with %s', async (_what, values) => {
    const lint = runHelm(['lint', '--strict'], values);
    expect(lint.stdout + lint.stderr).toContain('0 chart(s) failed');
    for (const manifest of render(values)) expect(await problemsOf(manifest), manifest.kind).toEqual([]);
  });

  it.each([
    ['SQLite', sqlite],
    ['Postgres', postgres],
  ])('renders a configuration that the proxy takes, with %s', (_what, values) => {
    const rendered = genopsYaml(render(values));
    const { server, ...own } = values['config'] as Readonly<Record<string, Values>>;
    expect(parse(rendered)).toEqual({ ...own, server: { drainDelayMs: 5000, ...server } });
    expect(parseConfig(rendered).limits).toHaveLength(1);
  });

  it.each([
    ['SQLite', sqlite],
    ['Postgres', postgres],
  ])('runs under the restricted pod security standard, with %s', (_what, values) => {
    expect(restrictedProblems(podOf(render(values)))).toEqual([]);
  });

  it('gives SQLite one replica, a volume that outlives the release, and no overlap', () => {
    const manifests = render(sqlite);
    const { spec } = theOne(manifests, 'Deployment');
    expect(spec).toMatchObject({ replicas: 1, strategy: { type: 'Recreate' } });
    const claim = theOne(manifests, 'PersistentVolumeClaim');
    expect(claim.metadata).toMatchObject({ annotations: { 'helm.sh/resource-policy': 'keep' } });
    expect(podOf(manifests).volumes).toContainEqual({
      name: 'data',
      persistentVolumeClaim: { claimName: claim.metadata.name },
    });
    expect(manifests.map(({ kind }) => kind)).not.toContain('PodDisruptionBudget');
  });

  it.each([
    ['two replicas', withValues(sqlite, { replicaCount: 2 })],
    ['an autoscaler', withValues(sqlite, { autoscaling: { enabled: true } })],
    ['SQLite by name', withValues(configOf(sqlite, { ledger: { driver: 'sqlite' } }), { replicaCount: 3 })],
  ])('refuses SQLite with %s', (_what, values) => {
    expect(() => render(values)).toThrow('a ledger in SQLite is for one replica');
  });

  it('gives Postgres three replicas that come before they go, or as many as are wanted', () => {
    const plain = withValues(postgres, { autoscaling: { enabled: false } });
    expect(theOne(render(plain), 'Deployment')['spec']).toMatchObject({
      replicas: 3,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0 } },
    });
    const wanted = withValues(plain, { replicaCount: 7 });
    expect(theOne(render(wanted), 'Deployment')['spec'].replicas).toBe(7);
    expect(render(postgres).map(({ kind }) => kind)).toContain('HorizontalPodAutoscaler');
    expect(theOne(render(postgres), 'Deployment')['spec'].replicas).toBeUndefined();
  });

  it.each([
    ['as the proxy does by itself', {}, 5_000 + 30_000],
    ['longer', { drainDelayMs: 10_000, shutdownGraceMs: 120_500 }, 130_500],
    ['not at all', { drainDelayMs: 0, shutdownGraceMs: 0 }, 0],
  ])('lets a pod take what it needs to stop when it waits %s', (_how, server, ms) => {
    const manifests = render(configOf(postgres, { server }));
    const seconds = podOf(manifests).terminationGracePeriodSeconds as number;
    expect(seconds * 1000).toBeGreaterThanOrEqual(ms + 10_000);
    const { drainDelayMs, shutdownGraceMs } = parseConfig(genopsYaml(manifests)).server;
    expect(drainDelayMs + shutdownGraceMs).toBe(ms);
  });

  it('asks whether a pod is alive and whether it is ready in two places, and spends nothing', () => {
    const [container] = podOf(render(postgres)).containers;
    expect(container.livenessProbe.httpGet).toEqual({ path: '/health', port: 'http' });
    expect(container.readinessProbe.httpGet).toEqual({ path: '/ready', port: 'http' });
    expect(container.startupProbe.httpGet).toEqual({ path: '/health', port: 'http' });
  });

  it('names secrets and never has one', () => {
    const manifests = render(postgres);
    expect(manifests.map(({ kind }) => kind)).not.toContain('Secret');
    expect(podOf(manifests).containers[0].envFrom).toEqual([{ secretRef: { name: 'genops-secrets' } }]);
  });

  it('points everything at everything else', () => {
    const manifests = render(postgres);
    const name = 'shop-genops';
    const { labels } = theOne(manifests, 'Deployment')['spec'].template.metadata;
    expect(labels).toMatchObject(theOne(manifests, 'Service')['spec'].selector);
    expect(labels).toMatchObject(theOne(manifests, 'PodDisruptionBudget')['spec'].selector.matchLabels);
    expect(labels).toMatchObject(theOne(manifests, 'NetworkPolicy')['spec'].podSelector.matchLabels);
    expect(theOne(manifests, 'Service').metadata.labels).toMatchObject(
      theOne(manifests, 'ServiceMonitor')['spec'].selector.matchLabels,
    );
    expect(theOne(manifests, 'HorizontalPodAutoscaler')['spec'].scaleTargetRef.name).toBe(name);
    const [rule] = theOne(manifests, 'Ingress')['spec'].rules;
    expect(rule.http.paths[0].backend.service).toEqual({ name, port: { name: 'http' } });
    expect(podOf(manifests).serviceAccountName).toBe(theOne(manifests, 'ServiceAccount').metadata.name);
    expect(podOf(manifests).volumes).toContainEqual({ name: 'config', configMap: { name } });
    expect(podOf(manifests).containers[0].image).toBe(
      `registry.example.com/genops-proxy@sha256:${'0'.repeat(64)}`,
    );
  });

  it('replaces pods when the configuration changes, where they are not to read it again themselves', () => {
    const checksum = (values: Values): unknown =>
      theOne(render(values), 'Deployment')['spec'].template.metadata.annotations?.['checksum/config'];
    const replaced = withValues(postgres, { watchConfig: false });
    expect(checksum(postgres)).toBeUndefined();
    expect(checksum(replaced)).toMatch(/^[0-9a-f]{64}$/);
    expect(checksum(configOf(replaced, { mode: 'observe' }))).not.toBe(checksum(replaced));
  });

  it('keeps the address of a cloud’s credentials out of reach', () => {
    const { egress } = theOne(render(postgres), 'NetworkPolicy')['spec'];
    const blocks = egress.flatMap(({ to = [] }: { to?: { ipBlock?: object }[] }) =>
      to.flatMap(({ ipBlock }) => ipBlock ?? []),
    );
    expect(blocks).toEqual([{ cidr: '0.0.0.0/0', except: ['169.254.0.0/16'] }]);
  });

  it.each([
    ['no configuration', { existingSecret: 'a' }, 'config: needs at least providers and virtualKeys'],
    ['no secret', withValues(sqlite, { existingSecret: '' }), 'existingSecret: name the Secret'],
    ['a misspelt value', withValues(sqlite, { replicas: 2 }), 'replicas'],
    ['a misspelt key of the configuration', configOf(sqlite, { limts: [] }), 'limts'],
    [
      'a secret in the configuration',
      configOf(sqlite, { providers: [{ type: 'openai', apiKey: 'sk-123' }] }),
      'providers',
    ],
    ['an ingress without a host', withValues(sqlite, { ingress: { enabled: true } }), 'ingress.host'],
    ['a tag in place of a digest', withValues(sqlite, { image: { digest: 'latest' } }), 'digest'],
  ])('refuses %s', (_what, values, message) => {
    expect(() => render(values)).toThrow(message);
  });
});
