{{/* What surrounds each canary route: a VirtualService that matches on its header, and the subsets. */}}
{{- define "gatehouse.routes" -}}
{{- $policy := . }}
{{- $routes := (index .spec "canary" | default dict).routes | default list }}
{{- range $traffic := .spec.traffic }}
{{- $route := dict }}
{{- $names := list }}
{{- range $routes }}
{{- $names = append $names .name }}
{{- if and (eq .name $traffic.route) (not $route) }}{{ $route = . }}{{ end }}
{{- end }}
{{- if not $route }}{{ fail (printf "%s: no canary route is called %q; write one of %s" $policy.where $traffic.route (join ", " $names)) }}{{ end }}
{{- if not (or $route.split $route.weights $route.base) }}{{ fail (printf "%s: route %q has neither base nor split; add base" $policy.where $traffic.route) }}{{ end }}
{{- $variants := include "gatehouse.variants" $route | fromJsonArray }}
{{- range $variants }}
{{- if not (hasKey $traffic.variants .) }}{{ fail (printf "%s: variant %q of route %q has no destination; add it to the variants of its traffic" $policy.where . $traffic.route) }}{{ end }}
{{- end }}
{{- range keys $traffic.variants | sortAlpha }}
{{- if not (has . $variants) }}{{ fail (printf "%s: route %q has no variant %q; its variants are %s" $policy.where $traffic.route . (join ", " $variants)) }}{{ end }}
{{- end }}
{{- $metadata := dict "name" ($traffic.name | default $traffic.route) "namespace" ($traffic.namespace | default $policy.namespace) "labels" $policy.labels }}
{{- $given := dict "policy" $policy "traffic" $traffic "route" $route "variants" $variants
  "name" $metadata.name "metadata" $metadata "host" ($traffic.host | default (first $traffic.hosts))
  "header" ($route.header | default "x-variant" | lower) "base" (include "gatehouse.base" $route) }}
{{- $spec := pick $traffic "hosts" "gateways" "exportTo" "tls" "tcp" }}
{{- $rules := ternary "gatehouse.ownRules" "gatehouse.madeRules" (hasKey $traffic "rules") }}
{{- $_ := set $spec "http" (include $rules $given | fromJsonArray) }}
{{- include "gatehouse.document" (dict "apiVersion" "networking.istio.io/v1" "kind" "VirtualService" "metadata" $metadata "spec" $spec) }}
{{- include "gatehouse.destinationRules" $given }}
{{- end }}
{{- end }}

{{/* The rules as they are written, and for the one that has variants a rule for each of them. */}}
{{- define "gatehouse.ownRules" -}}
{{- $given := . }}
{{- $rules := list }}
{{- range $rule := .traffic.rules }}
{{- if hasKey $rule "variants" }}
{{- $others := without $rule.variants $given.base }}
{{- range $variant := append $others $given.base }}
{{- $isBase := eq $variant $given.base }}
{{- $made := omit $rule "variants" "name" "match" }}
{{- if hasKey $rule "name" }}
{{- $_ := set $made "name" (ternary $rule.name (printf "%s-%s" $rule.name $variant) $isBase) }}
{{- else if not $isBase }}
{{- $_ := set $made "name" (printf "%s-%s" $given.name $variant) }}
{{- end }}
{{- $matches := $rule.match | default list }}
{{- if not $isBase }}
{{- $matched := list }}
{{- range $matches | default (list dict) }}
{{- $one := deepCopy . }}
{{- $headers := $one.headers | default dict }}
{{- $_ := set $headers $given.header (dict "exact" $variant) }}
{{- $matched = append $matched (set $one "headers" $headers) }}
{{- end }}
{{- $matches = $matched }}
{{- end }}
{{- if $matches }}{{ $_ := set $made "match" $matches }}{{ end }}
{{- $written := index $given.traffic.variants $variant }}
{{- $route := dict "destination" (include "gatehouse.destination" (dict "given" $given "variant" $variant) | fromJson) }}
{{- if hasKey $written "headers" }}{{ $_ := set $route "headers" $written.headers }}{{ end }}
{{- $rules = append $rules (set $made "route" (list $route)) }}
{{- end }}
{{- else }}
{{- $rules = append $rules $rule }}
{{- end }}
{{- end }}
{{- toJson $rules }}
{{- end }}

{{/* A rule for each variant; the base has no match, so that it also serves without the filter. */}}
{{- define "gatehouse.madeRules" -}}
{{- $given := . }}
{{- $rules := .traffic.first | default list }}
{{- range $variant := append (without .variants .base) .base }}
{{- $rule := dict "name" $variant }}
{{- if ne $variant $given.base }}
{{- $_ := set $rule "match" (list (dict "headers" (dict $given.header (dict "exact" $variant)))) }}
{{- end }}
{{- $destination := include "gatehouse.destination" (dict "given" $given "variant" $variant) | fromJson }}
{{- $_ := set $rule "route" (list (dict "destination" $destination)) }}
{{- range $key, $value := $given.traffic.http }}{{ $_ := set $rule $key $value }}{{ end }}
{{- range $key, $value := (index $given.traffic.variants $variant).http }}{{ $_ := set $rule $key $value }}{{ end }}
{{- $rules = append $rules $rule }}
{{- end }}
{{- toJson $rules }}
{{- end }}

{{- define "gatehouse.destination" -}}
{{- $traffic := .given.traffic }}
{{- $variant := index $traffic.variants .variant }}
{{- $destination := dict "host" ($variant.host | default .given.host) }}
{{- $subset := $variant.subset | default (ternary .variant "" (hasKey $variant "labels")) }}
{{- if $subset }}{{ $_ := set $destination "subset" $subset }}{{ end }}
{{- $port := $variant.port | default $traffic.port }}
{{- if $port }}{{ $_ := set $destination "port" (dict "number" $port) }}{{ end }}
{{- toJson $destination }}
{{- end }}

{{/* One DestinationRule for each host whose variants differ by labels. */}}
{{- define "gatehouse.destinationRules" -}}
{{- $given := . }}
{{- $hosts := list }}
{{- $subsets := dict }}
{{- range .variants }}
{{- $variant := index $given.traffic.variants . }}
{{- if hasKey $variant "labels" }}
{{- $host := $variant.host | default $given.host }}
{{- $hosts = append $hosts $host | uniq }}
{{- $subset := dict "name" ($variant.subset | default .) "labels" $variant.labels }}
{{- if hasKey $variant "trafficPolicy" }}{{ $_ := set $subset "trafficPolicy" $variant.trafficPolicy }}{{ end }}
{{- $known := list }}
{{- if hasKey $subsets $host }}{{ $known = index $subsets $host }}{{ end }}
{{- $_ := set $subsets $host (append $known $subset) }}
{{- end }}
{{- end }}
{{- range $at, $host := $hosts }}
{{- $metadata := deepCopy $given.metadata }}
{{- if $at }}{{ $_ := set $metadata "name" (printf "%s-%d" $given.name (add $at 1)) }}{{ end }}
{{- $spec := dict "host" $host "subsets" (index $subsets $host) }}
{{- if hasKey $given.traffic "trafficPolicy" }}{{ $_ := set $spec "trafficPolicy" $given.traffic.trafficPolicy }}{{ end }}
{{- include "gatehouse.document" (dict "apiVersion" "networking.istio.io/v1" "kind" "DestinationRule" "metadata" $metadata "spec" $spec) }}
{{- end }}
{{- end }}

{{/* All variants of a route: the listed ones in their order, those that only splits name, then `base`. */}}
{{- define "gatehouse.variants" -}}
{{- $names := list }}
{{- range .variants }}{{ $names = append $names .name }}{{ end }}
{{- $split := list }}
{{- range concat (list .) (.schedule | default list) }}
{{- $split = concat $split (keys (.split | default .weights | default dict)) }}
{{- end }}
{{- $names = concat $names (sortAlpha $split) }}
{{- if .base }}{{ $names = append $names .base }}{{ end }}
{{- uniq $names | toJson }}
{{- end }}

{{/* The variant that takes what no other does: `base`, or the heaviest of the split. */}}
{{- define "gatehouse.base" -}}
{{- if .base }}{{ .base }}
{{- else }}
{{- $split := .split | default .weights }}
{{- $heaviest := "" }}
{{- range $name := keys $split | sortAlpha }}
{{- if or (eq $heaviest "") (gt (index $split $name | float64) (index $split $heaviest | float64)) }}{{ $heaviest = $name }}{{ end }}
{{- end }}
{{- $heaviest }}
{{- end }}
{{- end }}
