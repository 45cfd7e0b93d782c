{{/* One resource for each module of a policy. */}}
{{- define "gatehouse.plugins" -}}
{{- $policy := . }}
{{- if (.spec.image).bundle }}
{{- include "gatehouse.plugin" (dict "policy" $policy "module" "edge" "filters" .filters) }}
{{- else }}
{{- range .filters }}
{{- include "gatehouse.plugin" (dict "policy" $policy "module" . "filters" (list .)) }}
{{- end }}
{{- end }}
{{- end }}

{{- define "gatehouse.plugin" -}}
{{- $policy := .policy }}
{{- $module := .module }}
{{- $entry := index $policy.release.modules $module }}
{{- $spec := $policy.spec }}
{{- $place := dict "phase" $entry.phase "priority" $entry.priority }}
{{- $modes := dict }}
{{- range .filters }}
{{- $_ := set $modes (include "gatehouse.mode" (dict "policy" $policy "filter" .) | default "any") . }}
{{- end }}
{{- if gt (len $modes) 1 }}
{{- fail (printf "%s: the filters run on different listeners here, and one module runs on one; remove bundle, or put the filters of each direction into a policy of their own" $policy.where) }}
{{- end }}
{{- $match := dict }}
{{- if not (hasKey $modes "any") }}{{ $_ := set $match "mode" (keys $modes | first) }}{{ end }}
{{- range $kind, $placement := $spec.placement }}
{{- if ne $kind "targetRefs" }}
{{- if hasKey $placement "ports" }}
{{- $ports := list }}
{{- range $placement.ports }}{{ $ports = append $ports (dict "number" .) }}{{ end }}
{{- $_ := set $match "ports" $ports }}
{{- end }}
{{- if hasKey $placement "selector" }}{{ $_ := set $place "selector" (dict "matchLabels" $placement.selector) }}{{ end }}
{{- end }}
{{- $references := list }}
{{- if eq $kind "targetRefs" }}{{ $references = $placement }}{{ else if hasKey $placement "targetRefs" }}{{ $references = $placement.targetRefs }}{{ end }}
{{- $targets := list }}
{{- range $references }}
{{- $group := get (dict "Service" "" "ServiceEntry" "networking.istio.io") .kind }}
{{- if not (has .kind (list "Service" "ServiceEntry")) }}{{ $group = "gateway.networking.k8s.io" }}{{ end }}
{{- if hasKey . "group" }}{{ $group = .group }}{{ end }}
{{- $targets = append $targets (dict "group" $group "kind" .kind "name" .name) }}
{{- end }}
{{- if $targets }}{{ $_ := set $place "targetRefs" $targets }}{{ end }}
{{- end }}
{{- if $match }}{{ $_ := set $place "match" (list $match) }}{{ end }}
{{- $wasm := include "gatehouse.image" (dict "policy" $policy "module" $module) | fromJson }}
{{- $_ := set $wasm "pluginName" $module }}
{{- $_ := set $wasm "failStrategy" $entry.failStrategy }}
{{- $env := include "gatehouse.env" (dict "policy" $policy "filters" .filters) | fromJsonArray }}
{{- if $env }}{{ $_ := set $wasm "vmConfig" (dict "env" $env) }}{{ end }}
{{- $configs := dict }}
{{- range .filters }}
{{- $_ := set $configs . (include "gatehouse.config" (dict "policy" $policy "filter" .) | fromJson) }}
{{- end }}
{{- if ne $module "edge" }}{{ $configs = index $configs $module }}{{ end }}
{{- $_ := set $wasm "pluginConfig" $configs }}
{{- if eq $policy.api "WasmPlugin" }}
{{- range $key, $value := $wasm }}{{ $_ := set $place $key $value }}{{ end }}
{{- else }}
{{- $_ := set $place "wasm" $wasm }}
{{- end }}
{{- include "gatehouse.document" (dict "apiVersion" "extensions.istio.io/v1alpha1" "kind" $policy.api
  "metadata" (dict "name" (printf "%s-%s" $policy.name $module) "namespace" $policy.namespace "labels" $policy.labels)
  "spec" $place) }}
{{- end }}

{{/* The `match.mode` that keeps a filter on the traffic it is for; empty: every listener. */}}
{{- define "gatehouse.mode" -}}
{{- $placement := .policy.spec.placement }}
{{- $own := (index .policy.release.modules .filter).sidecarMode }}
{{- if hasKey $placement "gateway" }}CLIENT
{{- else if hasKey $placement "waypoint" }}SERVER
{{- else if hasKey $placement "targetRefs" }}
{{- else if $own }}{{ $own }}
{{- else }}
{{- get (dict "inbound" "SERVER" "outbound" "CLIENT" "both" "") ($placement.sidecar.direction | default "inbound") }}
{{- end }}
{{- end }}

{{/* Where a proxy fetches the module, pinned by digest. */}}
{{- define "gatehouse.image" -}}
{{- $image := .policy.spec.image }}
{{- $digests := (index .policy.release.modules .module).digests }}
{{- $form := $image.form | default "image" }}
{{- $digest := ternary $digests.module (index $digests $form) (hasKey $image "url") }}
{{- if hasKey ($image.digests | default dict) .module }}{{ $digest = index $image.digests .module }}{{ end }}
{{- $pull := dict "sha256" (trimPrefix "sha256:" $digest) "imagePullPolicy" ($image.pullPolicy | default "IfNotPresent") }}
{{- if $image.pullSecret }}{{ $_ := set $pull "imagePullSecret" $image.pullSecret }}{{ end }}
{{- if hasKey $image "url" }}
{{- $url := replace "{filter}" .module $image.url }}
{{- if hasPrefix "file:" $url }}{{ $pull = dict }}{{ end }}
{{- $_ := set $pull "url" $url }}
{{- else }}
{{- $base := $image.repository | trimPrefix "oci://" | trimSuffix "/" }}
{{- $_ := set $pull "url" (printf "oci://%s/%s@%s" $base .module $digest) }}
{{- end }}
{{- toJson $pull }}
{{- end }}

{{/* The variables that the filters' settings name, from the policy or else from the proxy's own. */}}
{{- define "gatehouse.env" -}}
{{- $spec := .policy.spec }}
{{- $names := list }}
{{- range .filters }}
{{- $names = concat $names (include "gatehouse.envNames" (index $spec .) | splitList "\n") }}
{{- end }}
{{- $env := list }}
{{- range $name := $names | compact | uniq | sortAlpha }}
{{- $variable := dict "name" $name "valueFrom" "HOST" }}
{{- $isFound := false }}
{{- range $spec.env }}
{{- if and (eq .name $name) (not $isFound) }}
{{- $isFound = true }}
{{- $from := .valueFrom | default (ternary "INLINE" "HOST" (hasKey . "value")) }}
{{- if eq $from "INLINE" }}{{ $variable = dict "name" $name "valueFrom" $from "value" (.value | default "") }}{{ end }}
{{- end }}
{{- end }}
{{- $env = append $env $variable }}
{{- end }}
{{- toJson $env }}
{{- end }}

{{/* The texts of all keys that end with FromEnv, one a line. */}}
{{- define "gatehouse.envNames" -}}
{{- if kindIs "map" . }}
{{- range $key, $value := . }}
{{- if and (hasSuffix "FromEnv" $key) (kindIs "string" $value) }}{{ printf "%s\n" $value }}
{{- else }}{{ include "gatehouse.envNames" $value }}
{{- end }}
{{- end }}
{{- else if kindIs "slice" . }}
{{- range . }}{{ include "gatehouse.envNames" . }}{{ end }}
{{- end }}
{{- end }}

{{/* A filter's settings with its own name in the mesh, and the schedule's moments. */}}
{{- define "gatehouse.config" -}}
{{- $policy := .policy }}
{{- $config := dict "instance" (printf "%s/%s" $policy.namespace $policy.name) }}
{{- range $key, $value := index $policy.spec .filter }}{{ $_ := set $config $key $value }}{{ end }}
{{- if and (eq .filter "canary") (hasKey $config "routes") }}
{{- range $route := $config.routes }}
{{- $steps := list }}
{{- range $step := $route.schedule }}
{{- if hasKey $step "after" }}
{{- if not $policy.start }}{{ fail (printf "%s: a schedule with `after` needs the value `start`, such as 2026-01-31T12:00:00Z" $policy.where) }}{{ end }}
{{- $moment := toDate "2006-01-02T15:04:05Z07:00" $policy.start | dateModify (printf "+%s" $step.after) }}
{{- $step = set (omit $step "after") "at" (dateInZone "2006-01-02T15:04:05Z" $moment "UTC") }}
{{- end }}
{{- $steps = append $steps $step }}
{{- end }}
{{- if hasKey $route "schedule" }}{{ $_ := set $route "schedule" $steps }}{{ end }}
{{- end }}
{{- end }}
{{- toJson $config }}
{{- end }}
