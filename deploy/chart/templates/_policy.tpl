{{/* A settings file, and what the templates need besides: the catalog of modules, labels, the API. As JSON. */}}
{{- define "gatehouse.policy" -}}
{{- $root := .root }}
{{- $release := $root.Files.Get "files/release.json" | fromJson }}
{{- if not $release.modules }}{{ fail "files/release.json is missing; make the chart with node tools/chart.ts" }}{{ end }}
{{- $spec := .written.spec }}
{{- $metadata := .written.metadata }}
{{- $namespace := $metadata.namespace | default $root.Release.Namespace }}
{{- $where := printf "policy %s/%s" $namespace $metadata.name }}
{{- if and (eq $root.Values.api "TrafficExtension") $spec.istio }}
{{- if lt (index (splitList "." $spec.istio) 1 | int) (index (splitList "." $release.oldestTrafficExtension) 1 | int) }}
{{- fail (printf "%s: Istio %s has no TrafficExtension (it came with %s); set api: WasmPlugin" $where $spec.istio $release.oldestTrafficExtension) }}
{{- end }}
{{- end }}
{{- $filters := list }}
{{- range $release.filters }}
{{- if hasKey $spec . }}{{ $filters = append $filters . }}{{ end }}
{{- end }}
{{- if not $filters }}{{ fail (printf "%s installs no filter; set one of %s below spec" $where (join ", " $release.filters)) }}{{ end }}
{{- $labels := dict }}
{{- range $name, $value := $metadata.labels }}{{ $_ := set $labels $name $value }}{{ end }}
{{- $_ := set $labels "app.kubernetes.io/managed-by" "gatehouse" }}
{{- $_ := set $labels "gatehouse.dev/policy" $metadata.name }}
{{- $_ := set $labels "gatehouse.dev/policy-namespace" $namespace }}
{{- dict "where" $where "name" $metadata.name "namespace" $namespace "labels" $labels "spec" $spec "filters" $filters
  "release" $release "api" $root.Values.api "start" $root.Values.start | toJson }}
{{- end }}

{{/* One document of the output. */}}
{{- define "gatehouse.document" }}
---
{{ toYaml . }}
{{- end }}
