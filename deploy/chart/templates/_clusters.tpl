{{/* ServiceEntry and DestinationRule for each host outside the cluster that a filter calls. */}}
{{- define "gatehouse.clusters" -}}
{{- $policy := . }}
{{- $hosts := dict }}
{{- range include "gatehouse.callees" . | fromJsonArray }}
{{- $isInCluster := or (not (contains "." .host)) (regexMatch `\.svc(\.|$)` .host) (hasSuffix ".local" .host) }}
{{- if not $isInCluster }}
{{- $callees := list }}
{{- if hasKey $hosts .host }}{{ $callees = index $hosts .host }}{{ end }}
{{- $port := .port }}
{{- $isKnown := false }}
{{- range $callees }}{{ if eq .port $port }}{{ $isKnown = true }}{{ end }}{{ end }}
{{- if not $isKnown }}{{ $_ := set $hosts .host (append $callees .) }}{{ end }}
{{- end }}
{{- end }}
{{- range $host := keys $hosts | sortAlpha }}
{{- $name := printf "%s-%s" $policy.name (regexReplaceAll "[^a-z0-9-]+" (lower $host) "-") | trunc 253 }}
{{- $metadata := dict "name" $name "namespace" $policy.namespace "labels" $policy.labels }}
{{- $ports := list }}
{{- $settings := list }}
{{- range index $hosts $host }}
{{- $ports = append $ports (dict "number" .port "name" (printf "%s-%d" (lower .protocol) (int .port)) "protocol" .protocol) }}
{{- if .tls }}
{{- $tls := dict "mode" "SIMPLE" "sni" $host "subjectAltNames" (list $host) }}
{{- $settings = append $settings (dict "port" (dict "number" .port) "tls" $tls) }}
{{- end }}
{{- end }}
{{- $entry := dict "hosts" (list $host) "exportTo" (list ".") "location" "MESH_EXTERNAL" "ports" $ports "resolution" "DNS" }}
{{- include "gatehouse.document" (dict "apiVersion" "networking.istio.io/v1" "kind" "ServiceEntry" "metadata" $metadata "spec" $entry) }}
{{- if $settings }}
{{- $rule := dict "host" $host "exportTo" (list ".") "trafficPolicy" (dict "portLevelSettings" $settings) }}
{{- include "gatehouse.document" (dict "apiVersion" "networking.istio.io/v1" "kind" "DestinationRule" "metadata" $metadata "spec" $rule) }}
{{- end }}
{{- end }}
{{- end }}

{{/* What the filters call by a cluster that Istio makes: host, port, protocol, tls. */}}
{{- define "gatehouse.callees" -}}
{{- $callees := list }}
{{- $spec := .spec }}
{{- range (index $spec "access-log" | default dict).sinks }}
{{- $found := include "gatehouse.cluster" ((.http).cluster | default "") | fromJson }}
{{- if $found }}
{{- $tls := eq (int $found.port) 443 }}
{{- $callees = append $callees (merge (dict "tls" $tls "protocol" (ternary "HTTPS" "HTTP" $tls)) $found) }}
{{- end }}
{{- end }}
{{- range (index $spec "jwt-auth" | default dict).providers }}
{{- $url := .jwksUri | default (ternary (.issuer | default "") "" (.discovery | default false)) }}
{{- $found := include "gatehouse.url" $url | fromJson }}
{{- if $found }}
{{- $protocol := ternary "HTTPS" "HTTP" $found.tls }}
{{- if .jwksCluster }}
{{- $cluster := include "gatehouse.cluster" .jwksCluster | fromJson }}
{{- if $cluster }}{{ $callees = append $callees (merge (dict "tls" $found.tls "protocol" $protocol) $cluster) }}{{ end }}
{{- else }}
{{- $callees = append $callees (merge (dict "protocol" $protocol) $found) }}
{{- end }}
{{- end }}
{{- end }}
{{- $limiter := include "gatehouse.cluster" (((index $spec "rate-limit" | default dict).global).cluster | default "") | fromJson }}
{{- if $limiter }}
{{- $callees = append $callees (merge (dict "tls" (eq (int $limiter.port) 443) "protocol" "GRPC") $limiter) }}
{{- end }}
{{- toJson $callees }}
{{- end }}

{{/* `outbound|443||idp.example.com` taken apart; an empty map for names that are not Istio's. */}}
{{- define "gatehouse.cluster" -}}
{{- $parts := dict }}
{{- if regexMatch `^outbound\|[0-9]+\|[^|]*\|.+$` . }}
{{- $parts = dict "port" (regexReplaceAll `^outbound\|([0-9]+)\|.*$` . "${1}" | int) "host" (regexReplaceAll `^outbound\|[0-9]+\|[^|]*\|(.+)$` . "${1}") }}
{{- end }}
{{- toJson $parts }}
{{- end }}

{{/* Host, port and scheme of a URL; an empty map if it is no http(s) URL. */}}
{{- define "gatehouse.url" -}}
{{- $pattern := `^([Hh][Tt][Tt][Pp][Ss]?)://(?:[^@/?#]*@)?(\[[^\]]*\]|[^:/?#]+)(?::([0-9]*))?(?:[/?#].*)?$` }}
{{- $parts := dict }}
{{- if regexMatch $pattern . }}
{{- $tls := eq (regexReplaceAll $pattern . "${1}" | lower) "https" }}
{{- $port := regexReplaceAll $pattern . "${3}" | default (ternary "443" "80" $tls) | int }}
{{- $parts = dict "tls" $tls "port" $port "host" (regexReplaceAll $pattern . "${2}" | lower) }}
{{- end }}
{{- toJson $parts }}
{{- end }}
