{{- define "genops.fullname" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "genops.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "genops.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{ include "genops.selector" . }}
{{- end -}}

{{- define "genops.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "genops.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "genops.ledger" -}}
{{- dig "ledger" "driver" "sqlite" .Values.config -}}
{{- end -}}

{{/* So many replicas, unless the autoscaler says how many. */}}
{{- define "genops.replicas" -}}
{{- if kindIs "invalid" .Values.replicaCount -}}
{{- ternary 3 1 (eq (include "genops.ledger" .) "postgres") -}}
{{- else -}}
{{- int .Values.replicaCount -}}
{{- end -}}
{{- end -}}

{{- define "genops.drainDelayMs" -}}
{{- dig "server" "drainDelayMs" 5000 .Values.config | int -}}
{{- end -}}

{{/* What stopping takes at most, in whole seconds: the delay, the grace, and ten seconds for last words. */}}
{{- define "genops.terminationGrace" -}}
{{- $ms := add (include "genops.drainDelayMs" . | int) (dig "server" "shutdownGraceMs" 30000 .Values.config | int) 999 -}}
{{- add (div $ms 1000) 10 -}}
{{- end -}}

{{/* genops.yaml. Where it says nothing of it, a pod on its way out goes on for a while: its address is still known. */}}
{{- define "genops.config" -}}
{{- $server := merge (dict) (default (dict) .Values.config.server) (dict "drainDelayMs" (include "genops.drainDelayMs" . | int)) -}}
{{- merge (dict "server" $server) .Values.config | toYaml -}}
{{- end -}}

{{/* Says what cannot be, before anything is installed. */}}
{{- define "genops.check" -}}
{{- if not (and .Values.config.providers .Values.config.virtualKeys) -}}
{{- fail "config: needs at least providers and virtualKeys; see values.yaml" -}}
{{- end -}}
{{- if not .Values.existingSecret -}}
{{- fail "existingSecret: name the Secret that has the variables of the configuration" -}}
{{- end -}}
{{- if eq (include "genops.ledger" .) "sqlite" -}}
{{- if or .Values.autoscaling.enabled (gt (include "genops.replicas" . | int) 1) -}}
{{- fail "replicaCount: a ledger in SQLite is for one replica; set config.ledger to postgres for more" -}}
{{- end -}}
{{- end -}}
{{- end -}}
