import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseConfig } from '@genops/proxy';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { kubernetesTools } from './kubernetes-tools.ts';
import { problemsOf, readManifests, theOne } from './manifest.ts';
import { referencesIn } from './references.ts';
import { restrictedProblems } from './restricted.ts';

const folder = fileURLToPath(new URL('../kubernetes', import.meta.url));
const text = (file: string): string => readFileSync(join(folder, file), 'utf8');
const { kubectl } = kubernetesTools();
const { resources } = parse(text('kustomization.yaml')) as { resources: string[] };
const manifests = [...resources, 'secret.example.yaml'].flatMap((file) => [...readManifests(text(file))]);

describe('problemsOf', () => {
  const deployment = () => structuredClone(theOne(manifests, 'Deployment'));

  it('finds a field that is misspelt, however deep', async () => {
    const wrong = deployment();
    wrong['spec'].template.spec.containers[0].livenesProbe = {};
    expect(await problemsOf(wrong)).toEqual([
      '/spec/template/spec/containers/0/livenesProbe: nobody knows this field',
    ]);
  });

  it('finds a value of the wrong type, and one that is missing', async () => {
    const wrong = deployment();
    wrong['spec'].replicas = 'three';
    expect(JSON.stringify(await problemsOf(wrong))).toContain('/spec/replicas');
    const missing = deployment();
    delete missing['spec'].selector;
    expect(JSON.stringify(await problemsOf(missing))).toContain('selector');
  });
});

describe('the manifests', () => {
  it.each(manifests.map((manifest) => [manifest.kind, manifest] as const))(
    'has a %s that Kubernetes’ schemas know',
    async (_kind, manifest) => {
      expect(await problemsOf(manifest)).toEqual([]);
    },
  );

  it('are all there', () => {
    expect(manifests.map(({ kind }) => kind).sort()).toEqual(
      [
        'Deployment',
        'HorizontalPodAutoscaler',
        'Ingress',
        'Namespace',
        'NetworkPolicy',
        'PodDisruptionBudget',
        'Secret',
        'Service',
        'ServiceAccount',
      ].sort(),
    );
    const files = readdirSync(folder).filter((file) => file.endsWith('.yaml'));
    const apart = ['kustomization.yaml', 'genops.yaml', 'secret.example.yaml'];
    expect(files.filter((file) => !apart.includes(file)).sort()).toEqual([...resources].sort());
  });

  it('run three replicas under the restricted standard, which the namespace enforces', () => {
    const { spec } = theOne(manifests, 'Deployment');
    expect(spec.replicas).toBe(3);
    expect(restrictedProblems(spec.template.spec)).toEqual([]);
    expect(theOne(manifests, 'Namespace').metadata.labels).toMatchObject({
      'pod-security.kubernetes.io/enforce': 'restricted',
    });
  });

  it('have a configuration that the proxy takes, whose variables the Secret has', () => {
    const config = parseConfig(text('genops.yaml'));
    expect(config.ledger.driver).toBe('postgres');
    const secret = theOne(manifests, 'Secret');
    expect(Object.keys(secret['stringData']).sort()).toEqual(referencesIn(text('genops.yaml')));
    const { template } = theOne(manifests, 'Deployment')['spec'];
    expect(template.spec.containers[0].envFrom).toEqual([{ secretRef: { name: secret.metadata.name } }]);
    const { drainDelayMs, shutdownGraceMs } = config.server;
    expect(template.spec.terminationGracePeriodSeconds * 1000).toBeGreaterThanOrEqual(
      drainDelayMs + shutdownGraceMs + 10_000,
    );
  });

  it('ask whether a pod is alive at /health and whether it is ready at /ready', () => {
    const [container] = theOne(manifests, 'Deployment')['spec'].template.spec.containers;
    expect(container.livenessProbe.httpGet.path).toBe('/health');
    expect(container.readinessProbe.httpGet.path).toBe('/ready');
  });

  it.skipIf(kubectl === undefined)('are put together by kustomize', async () => {
    const { stdout, stderr, status } = spawnSync(kubectl as string, ['kustomize', folder], {
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const built = readManifests(stdout);
    expect(built).toHaveLength(resources.length + 1);
    const config = theOne(built, 'ConfigMap');
    expect(config['data']['genops.yaml']).toBe(text('genops.yaml'));
    const { template } = theOne(built, 'Deployment')['spec'];
    expect(template.spec.volumes).toContainEqual({
      name: 'config',
      configMap: { name: config.metadata.name },
    });
    expect(template.spec.containers[0].image).toMatch(/^genops-proxy:\d/);
    for (const manifest of built) {
      expect(await problemsOf(manifest), manifest.kind).toEqual([]);
      if (manifest.kind !== 'Namespace') expect(manifest.metadata.namespace).toBe('genops');
    }
  });
});
