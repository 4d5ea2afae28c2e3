import { ServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1';
import { parseAllDocuments } from 'yaml';

/** An object as Kubernetes takes it. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: object };
  // biome-ignore lint/suspicious/noExplicitAny: its form is checked by the schemas of Kubernetes.
  readonly [field: string]: any;
}

/** Reads a stream of YAML documents. */
export function readManifests(text: string): readonly Manifest[] {
  return parseAllDocuments(text)
    .map((document) => {
      if (document.errors[0] !== undefined) throw document.errors[0];
      return document.toJS() as Manifest | null;
    })
    .filter((manifest) => manifest !== null);
}

/** The one object of a kind. */
export function theOne(manifests: readonly Manifest[], kind: string): Manifest {
  const found = manifests.filter((manifest) => manifest.kind === kind);
  if (found.length !== 1 || found[0] === undefined) throw new Error(`${found.length} of ${kind}`);
  return found[0];
}

type Validate = ((data: unknown) => boolean) & {
  readonly errors: readonly { instancePath: string }[] | null;
};

const groups: Readonly<Record<string, string>> = {
  v1: 'IoK8sApiCoreV1',
  'apps/v1': 'IoK8sApiAppsV1',
  'autoscaling/v2': 'IoK8sApiAutoscalingV2',
  'networking.k8s.io/v1': 'IoK8sApiNetworkingV1',
  'policy/v1': 'IoK8sApiPolicyV1',
};

async function validatorOf({ apiVersion, kind }: Manifest): Promise<Validate> {
  if (apiVersion === 'monitoring.coreos.com/v1' && kind === 'ServiceMonitor') return validateServiceMonitor;
  const group = groups[apiVersion];
  if (group === undefined) throw new Error(`No schema is known for ${apiVersion} ${kind}`);
  return ((await import(`kubernetes-models/_schemas/${group}${kind}`)) as { validate: Validate }).validate;
}

/** The operator's package keeps its schemas to itself, so its classes are asked. */
const validateServiceMonitor: Validate = Object.assign(
  (data: unknown): boolean => {
    new ServiceMonitor(data as ConstructorParameters<typeof ServiceMonitor>[0]).validate();
    return true;
  },
  { errors: null },
);

/**
 * Checks an object with Kubernetes' own schemas. Those let unknown fields pass, so it is also watched what they
 * look at: a field that nobody looks at is misspelt, or in the wrong place.
 *
 * @returns what is wrong, by path
 */
export async function problemsOf(manifest: Manifest): Promise<readonly string[]> {
  const validate = await validatorOf(manifest);
  const seen = new Set<string>();
  const valid = validate(watched(manifest, '', seen));
  const errors = valid ? [] : (validate.errors ?? []).map((error) => JSON.stringify(error));
  const unknown = pathsOf(manifest, '').filter((path) => !seen.has(path));
  return [...errors, ...unknown.map((path) => `${path}: nobody knows this field`)];
}

function watched(value: object, path: string, seen: Set<string>): object {
  return new Proxy(value, {
    get(target, key, receiver) {
      const found: unknown = Reflect.get(target, key, receiver);
      if (typeof key === 'symbol' || !Object.hasOwn(target, key)) return found;
      seen.add(`${path}/${key}`);
      return typeof found === 'object' && found !== null ? watched(found, `${path}/${key}`, seen) : found;
    },
  });
}

function pathsOf(value: unknown, path: string): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [
    `${path}/${key}`,
    ...pathsOf(inner, `${path}/${key}`),
  ]);
}
