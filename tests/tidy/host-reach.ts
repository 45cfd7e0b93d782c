// What each filter may ask of its host: the functions that its module may import, and the files
// besides filter.ts that may import the host layer. One row for each filter.

/**
 * Host functions by capability; a filter names the capabilities it needs and reaches no others.
 */
export const capabilities = {
  /** What every filter does: log, read its settings and the request, count, hand over a result. */
  base: [
    "proxy_log",
    "proxy_get_buffer_bytes",
    "clock_time_get",
    "proxy_get_property",
    "proxy_set_property",
    "proxy_get_header_map_pairs",
    "proxy_get_header_map_value",
    "proxy_define_metric",
    "proxy_increment_metric",
    "proxy_record_metric",
  ],
  write: [
    "proxy_replace_header_map_value",
    "proxy_add_header_map_value",
    "proxy_remove_header_map_value",
  ],
  answer: ["proxy_send_local_response"],
  share: ["proxy_get_shared_data", "proxy_set_shared_data"],
  call: ["proxy_http_call"],
  /** Acts on another context than the one that was called. */
  actFor: ["proxy_set_effective_context"],
  resume: ["proxy_continue_stream"],
  tick: ["proxy_set_tick_period_milliseconds"],
  foreign: ["proxy_call_foreign_function"],
  random: ["random_get"],
  environment: ["environ_sizes_get", "environ_get"],
} as const;

interface Reach {
  capabilities: (keyof typeof capabilities)[];
  /** Files of the filter's folder besides filter.ts, and what each does at the host. */
  files: Record<string, string>;
}

export const reach: Record<string, Reach> = {
  // It can neither answer nor change a request. Environment: the key of keyed hashes. ActFor: it
  // starts the ticks of the plugin instance that takes over its last lines.
  "access-log": {
    capabilities: ["base", "call", "tick", "environment", "actFor", "random"],
    files: {
      "counters.ts": "counts lines by what became of them",
      "host-record.ts": "reads what a line asks for",
      "variables.ts": "reads keys and credentials from the environment",
      "sinks/http-sink.ts": "sends batches and reads the answers",
      "sinks/local-sinks.ts": "writes to the proxy's log and its filter state",
    },
  },
  "jwt-auth": {
    capabilities: [
      "base",
      "write",
      "answer",
      "share",
      "call",
      "actFor",
      "resume",
      "tick",
      "foreign",
      "random",
      "environment",
    ],
    files: {
      "metrics.ts": "counts decisions and key sets",
      "forward.ts": "writes claims and removes tokens",
      "answers/answer.ts": "sends refusals",
      "answers/no-settings.ts": "refuses requests without settings",
      "host-settings.ts": "reads secrets from the plugin's environment",
      "keys/key-answer.ts": "reads the answer to a key request",
      "keys/key-log.ts": "logs changes of key sets",
      "keys/key-request.ts": "requests key sets",
      "keys/remote-keys.ts": "decides when key sets are requested, and counts it",
      "keys/shared-keys.ts": "shares key sets among workers",
      "keys/waiting.ts": "resumes the requests that waited for keys",
      "token/host-signatures.ts": "verifies signatures by a foreign function",
    },
  },
  "rate-limit": {
    capabilities: [
      "base",
      "write",
      "answer",
      "share",
      "call",
      "actFor",
      "resume",
      "tick",
      "random",
    ],
    files: {
      "metrics.ts": "counts decisions",
      "answer.ts": "builds the headers of answers",
      "active-limits.ts": "holds the limits in force over shared data",
      "service/client.ts": "asks a rate limit service",
      "stream.ts": "one request at the host",
    },
  },
  // No calls. Its one answer refuses paths that servers read differently.
  canary: {
    capabilities: ["base", "write", "answer", "share", "tick", "random"],
    files: {
      "active-config.ts": "shares the newest configuration among workers",
      "counters.ts": "counts decisions and ejections",
      "forwarding.ts": "writes the variant into requests",
      "response-headers.ts": "writes the cookie and the variant into responses",
    },
  },
};
