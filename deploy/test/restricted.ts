interface Container {
  readonly name: string;
  readonly securityContext?: {
    readonly allowPrivilegeEscalation?: boolean;
    readonly readOnlyRootFilesystem?: boolean;
    readonly privileged?: boolean;
    readonly capabilities?: { readonly drop?: readonly string[]; readonly add?: readonly string[] };
  };
  readonly resources?: { readonly requests?: object; readonly limits?: object };
}

interface Pod {
  readonly containers: readonly Container[];
  readonly securityContext?: {
    readonly runAsNonRoot?: boolean;
    readonly runAsUser?: number;
    readonly seccompProfile?: { readonly type: string };
  };
  readonly automountServiceAccountToken?: boolean;
  readonly volumes?: readonly Readonly<Record<string, unknown>>[];
  readonly hostNetwork?: boolean;
  readonly hostPID?: boolean;
  readonly hostIPC?: boolean;
}

/**
 * Where a pod is not as Kubernetes' restricted pod security standard wants it, and as we do: a root file system
 * that cannot be written, no token of the cluster, and room that is asked for.
 *
 * @see https://kubernetes.io/docs/concepts/security/pod-security-standards/
 */
export function restrictedProblems(pod: Pod): readonly string[] {
  const { securityContext: own = {}, containers, volumes = [] } = pod;
  const problems: string[] = [];
  const demand = (right: boolean, what: string): void => {
    if (!right) problems.push(what);
  };
  demand(own.runAsNonRoot === true && (own.runAsUser ?? 0) > 0, 'runs as root');
  demand(own.seccompProfile?.type === 'RuntimeDefault', 'has no seccomp profile');
  demand(pod.automountServiceAccountToken === false, 'has a token of the cluster');
  demand(!pod.hostNetwork && !pod.hostPID && !pod.hostIPC, 'shares namespaces with its host');
  for (const volume of volumes) demand(!('hostPath' in volume), 'mounts a path of its host');
  for (const { name, securityContext: context = {}, resources = {} } of containers) {
    demand(context.allowPrivilegeEscalation === false, `${name} may gain privileges`);
    demand(context.privileged !== true, `${name} is privileged`);
    demand(context.readOnlyRootFilesystem === true, `${name} can write its root`);
    demand(context.capabilities?.drop?.includes('ALL') === true, `${name} keeps capabilities`);
    demand((context.capabilities?.add ?? []).length === 0, `${name} adds capabilities`);
    demand(resources.requests !== undefined && resources.limits !== undefined, `${name} asks for no room`);
  }
  return problems;
}
