{{/* The release's name, cut so that the longest suffix ("-portfolios" and a hash) still fits a label. */}}
{{- define "heartline.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What selects the pods of a stage; takes a dict of root and stage. Never changes: selectors cannot be upgraded. */}}
{{- define "heartline.selector" -}}
app.kubernetes.io/name: {{ default .root.Chart.Name .root.Values.nameOverride }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .stage }}
{{- end -}}

{{- define "heartline.labels" -}}
{{ include "heartline.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{- define "heartline.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end -}}
{{- end -}}

{{/* The settings that every process shares. Secrets come from a Secret that exists already, never from the values. */}}
{{- define "heartline.environment" -}}
- {name: HEARTLINE_BOOTSTRAP_SERVERS, value: {{ .Values.kafka.bootstrapServers | quote }}}
- {name: HEARTLINE_SECURITY_PROTOCOL, value: {{ .Values.kafka.securityProtocol | quote }}}
{{- if hasPrefix "SASL" .Values.kafka.securityProtocol }}
- {name: HEARTLINE_SASL_MECHANISM, value: {{ .Values.kafka.sasl.mechanism | quote }}}
- name: HEARTLINE_SASL_USERNAME
  valueFrom:
    secretKeyRef: {name: {{ .Values.kafka.sasl.existingSecret | quote }}, key: {{ .Values.kafka.sasl.usernameKey | quote }}}
- name: HEARTLINE_SASL_PASSWORD
  valueFrom:
    secretKeyRef: {name: {{ .Values.kafka.sasl.existingSecret | quote }}, key: {{ .Values.kafka.sasl.passwordKey | quote }}}
{{- end }}
{{- if .Values.kafka.tls.existingSecret }}
- {name: HEARTLINE_SSL_CA_LOCATION, value: {{ printf "/etc/heartline/tls/%s" .Values.kafka.tls.caKey | quote }}}
{{- end }}
- {name: HEARTLINE_TENANTS, value: {{ join "," .Values.tenants | quote }}}
- {name: HEARTLINE_PARTITIONS, value: {{ .Values.topics.partitions | quote }}}
- {name: HEARTLINE_REPLICATION_FACTOR, value: {{ .Values.topics.replicationFactor | quote }}}
- {name: HEARTLINE_RECOMPUTE_AT, value: {{ .Values.recomputeAt | quote }}}
{{- range $name, $value := .Values.settings }}
- {name: {{ $name }}, value: {{ $value | quote }}}
{{- end }}
{{- end -}}

{{/* Nothing in a pod needs root, the Kubernetes API or a writable image. */}}
{{- define "heartline.podSecurity" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{ toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Where a pod may run; takes the values that say it. */}}
{{- define "heartline.placement" -}}
{{- with .nodeSelector }}
nodeSelector: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity: {{ toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "heartline.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end -}}

{{- define "heartline.mounts" -}}
- {name: tmp, mountPath: /tmp}
{{- if .Values.kafka.tls.existingSecret }}
- {name: tls, mountPath: /etc/heartline/tls, readOnly: true}
{{- end }}
{{- end -}}

{{- define "heartline.volumes" -}}
- name: tmp
  emptyDir: {}
{{- if .Values.kafka.tls.existingSecret }}
- name: tls
  secret: {secretName: {{ .Values.kafka.tls.existingSecret | quote }}}
{{- end }}
{{- end -}}
