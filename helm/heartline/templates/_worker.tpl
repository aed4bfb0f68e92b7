{{/*
The pod of a stage's worker; takes a dict of root, stage, worker (the stage's values), environment (its own further
variables) and volumes (its own further volumes, the one called "data" among them where no claim makes it).
*/}}
{{- define "heartline.worker" -}}
metadata:
  labels: {{ include "heartline.selector" . | nindent 4 }}
  {{- with .worker.podAnnotations }}
  annotations: {{ toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- include "heartline.podSecurity" .root | nindent 2 }}
  # Time to finish what it holds, and after that to leave the group and close the store.
  terminationGracePeriodSeconds: {{ add .worker.drainSeconds 15 }}
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels: {{ include "heartline.selector" . | nindent 10 }}
  {{- include "heartline.placement" .worker | nindent 2 }}
  containers:
    - name: {{ .stage }}
      image: {{ include "heartline.image" .root | quote }}
      imagePullPolicy: {{ .root.Values.image.pullPolicy }}
      args: [worker, {{ .stage }}]
      env:
        # Owner of its transactions, and of its partitions where membership is static: the same after a restart of the pod.
        - name: HEARTLINE_WORKER_ID
          valueFrom: {fieldRef: {fieldPath: metadata.name}}
        - {name: HEARTLINE_DATA_DIRECTORY, value: /var/lib/heartline}
        - {name: HEARTLINE_HTTP_PORT, value: "8080"}
        - {name: HEARTLINE_DRAIN_SECONDS, value: {{ .worker.drainSeconds | quote }}}
        {{- with .environment }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
        {{- include "heartline.environment" .root | nindent 8 }}
      ports:
        - {name: http, containerPort: 8080}
      # A worker that restores its state is alive but not ready; only one that stalls is started again.
      startupProbe:
        httpGet: {path: /live, port: http}
        periodSeconds: 2
        failureThreshold: 60
      livenessProbe:
        httpGet: {path: /live, port: http}
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 6
      readinessProbe:
        httpGet: {path: /ready, port: http}
        periodSeconds: 5
        timeoutSeconds: 5
      resources: {{ toYaml .worker.resources | nindent 8 }}
      {{- include "heartline.containerSecurity" .root | nindent 6 }}
      volumeMounts:
        - {name: data, mountPath: /var/lib/heartline}
        {{- include "heartline.mounts" .root | nindent 8 }}
        {{- with .worker.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    {{- with .volumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    {{- include "heartline.volumes" .root | nindent 4 }}
    {{- with .worker.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}
