// A set of authorization resources before and after migration, asked with requests in short words.
import { authorizationInterest, plain } from "../../deploy/compare/authorization.ts";
import { compare } from "../../deploy/compare/compare.ts";
import { Keyring } from "../../deploy/compare/keyring.ts";
import { generate } from "../../deploy/compare/requests.ts";
import { shown } from "../../deploy/compare/shown.ts";
import { applied, stateOf } from "../../deploy/compare/state.ts";
import { goodClaims, withToken } from "../../deploy/compare/token-edits.ts";
import { parse } from "../../deploy/core/source.ts";
import type { Manifest } from "../../deploy/core/source.ts";
import { yamlText } from "../../deploy/core/yaml-text.ts";
import type { KnownGateway } from "../../deploy/migrate/gateways.ts";
import { migrate } from "../../deploy/migrate/migrate.ts";
import { rulesOf } from "../../deploy/native/jwt/rules.ts";
import { meshOf } from "../../deploy/native/mesh.ts";
import type { Decider, NativeRequest, Workload } from "../../deploy/native/types.ts";

export interface Ask {
  method?: string;
  path?: string;
  host?: string;
  headers?: Record<string, string>;
  /** Claims of a good token of the first rule, over what it wants; or `expired`, `forged`. */
  token?: Record<string, unknown> | "expired" | "forged";
  /** Index among all `jwtRules`. Default 0. */
  rule?: number;
  /** A second token, of another rule, in a parameter. */
  second?: { rule: number; param: string; isForged?: boolean };
  /** Text in front of the token in the header instead of the rule's prefix. */
  prefix?: string;
  /** `{namespace}` is the workload's. */
  peer?: string;
  direct?: string;
  remote?: string;
  /** What the client connected to. */
  address?: string;
  port?: number;
  serverName?: string;
  namespace?: string;
  labels?: Record<string, string>;
  kind?: Workload["kind"];
  gateway?: string;
}

export interface Authorization {
  documents: any[];
  /** `carried spec.x: why`, one text for each entry. */
  notes: string[];
  isMigrated: boolean;
  native(ask: Ask): number;
  migrated(ask: Ask): number;
  /** Headers that the service sees after migration. */
  upstream(ask: Ask): Record<string, string>;
  /** Rows that are weaker among generated requests, in words. */
  weaker(): string[];
  close(): void;
}

export function authorization(text: string, gateways: readonly KnownGateway[] = []): Authorization {
  const { manifests, findings } = parse(text, "in.yaml");
  if (findings.length > 0) throw new Error(JSON.stringify(findings));
  const result = migrate(manifests, "registry.example.com/gatehouse", gateways);
  const made = yamlText(result.documents.map(({ value }) => ({ value })));
  const after = applied(manifests, parse(made, "out.yaml").manifests);
  const keyring = new Keyring();
  const mesh = meshOf(manifests);
  const [old, next] = [stateOf(manifests, mesh, keyring), stateOf(after, mesh, keyring)];
  const request = (ask: Ask) => requestOf(ask, manifests, keyring);
  return {
    documents: result.documents.map(({ value }) => value),
    notes: result.report.entries.map(
      ({ outcome, path, note }) => `${outcome} ${path.join(".")}: ${note}`,
    ),
    isMigrated: result.replaced.length > 0,
    native: (ask) => statusOf(old.decider, request(ask)),
    migrated: (ask) => statusOf(next.decider, request(ask)),
    upstream: (ask) => Object.fromEntries(next.decider.decide(request(ask)).headers ?? []),
    weaker: () => {
      const workloads = [workloadOf({}), workloadOf({ labels: { app: "other" } })];
      const interests = [manifests, after].map((each) =>
        authorizationInterest(each, workloads, mesh, keyring),
      );
      const { rows } = compare(old.decider, next.decider, generate(interests, { max: 600 }));
      return rows.filter(({ outcome }) => outcome === "weaker").map(shown);
    },
    close: () => {
      old.close();
      next.close();
    },
  };
}

function statusOf(decider: Decider, request: NativeRequest): number {
  return decider.decide(request).refusal?.status ?? 200;
}

/** Workloads are compared by identity: one object for each. */
const workloads = new Map<string, Workload>();

function workloadOf({
  namespace = "shop",
  labels = { app: "api" },
  kind = "sidecar",
  gateway,
}: Ask): Workload {
  const made: Workload = { namespace, labels, kind, ...(gateway !== undefined && { gateway }) };
  const key = JSON.stringify(made);
  if (!workloads.has(key)) workloads.set(key, made);
  return workloads.get(key)!;
}

export function requestOf(
  ask: Ask,
  manifests: readonly Manifest[],
  keyring: Keyring,
): NativeRequest {
  const base = plain(workloadOf(ask));
  const request: NativeRequest = {
    ...base,
    method: ask.method ?? base.method,
    path: ask.path ?? base.path,
    host: ask.host ?? base.host,
    headers: Object.entries(ask.headers ?? {}),
    source: { direct: ask.direct ?? base.source.direct, remote: ask.remote ?? base.source.remote },
    destination: {
      address: ask.address ?? base.destination.address,
      port: ask.port ?? base.destination.port,
      ...(ask.serverName !== undefined && { serverName: ask.serverName }),
    },
    ...(ask.peer !== undefined && {
      peer: ask.peer.replace("{namespace}", base.workload.namespace),
    }),
  };
  if (ask.token === undefined) return request;
  const rules = manifests.filter(({ kind }) => kind === "RequestAuthentication").flatMap(rulesOf);
  const rule = rules[ask.rule ?? 0]!;
  const past = ask.token === "expired" ? { exp: base.timeMillis / 1000 - 3600 } : {};
  const more = typeof ask.token === "object" ? ask.token : past;
  const claims = goodClaims(rule, base.timeMillis, more);
  const token = keyring.token(rule.keys, claims, ask.token === "forged");
  if (ask.second) {
    const other = rules[ask.second.rule]!;
    const claimsOfOther = goodClaims(other, base.timeMillis);
    const beside = keyring.token(other.keys, claimsOfOther, ask.second.isForged);
    const path = `${request.path}?${ask.second.param}=${beside.text}`;
    const made = withToken(request, rule, token);
    return { ...made, path, tokens: [...made.tokens, beside] };
  }
  if (ask.prefix === undefined) return withToken(request, rule, token);
  const headers: [string, string][] = [["authorization", ask.prefix + token.text]];
  return { ...request, headers: [...request.headers, ...headers], tokens: [token] };
}
