// What page and worker say to each other: plain data, so that it survives postMessage.
import type { Case, Observed } from "../../emulator/cases.ts";
import type { Change } from "../../try/explain.ts";

/** A complaint or a remark at a place in one of the page's texts; lines count from one. */
export interface Remark {
  severity: "error" | "warning" | "note";
  file: string;
  line: number;
  column: number;
  text: string;
}

export interface Checked {
  remarks: Remark[];
  /** Installed filters in chain order; empty while the settings cannot be used. */
  filters: string[];
  /** Hosts that are routed, for the request form. */
  host?: string;
  /** What a made token says by itself. */
  token?: { issuer?: string; audience?: string; algorithm?: string };
  canary?: { route: string; variants: string[]; sticky?: string; guarded?: string };
  limits: string[];
}

/** What one filter did; the words are the tool's own. */
export interface Step {
  filter: string;
  decision: string;
  outcome: "passed" | "refused" | "held" | "skipped";
  requestHeaders: Change[];
  responseHeaders: Change[];
  counted: Record<string, number>;
}

export interface Quota {
  limit: string;
  remaining: number;
  size?: number;
  /** Seconds until the bucket is full. */
  reset?: number;
}

export interface Sent {
  observed: Observed;
  steps: Step[];
  route?: string;
  quota?: Quota;
  /** All counters and gauges of the filters since the last reset. */
  metrics: Record<string, number>;
  /** The proxy's clock after the request, RFC 3339. */
  clock: string;
  /** How many requests this proxy has seen. */
  count: number;
}

export interface CaseResult {
  name: string;
  /** As the file has it, placeholders included. */
  case: Case;
  line?: number;
  ok: boolean;
  differences: string[];
  status: number;
  detail: string;
}

export interface CasesRun {
  results: CaseResult[];
  passed: number;
  failed: number;
  remarks: Remark[];
}

export interface CrowdPlan {
  clients: number;
  requestsEach: number;
  /** Virtual time over which the requests are spread. */
  seconds: number;
  path: string;
  authority?: string;
  /** Percent of the guarded variant's answers that are 503. */
  failing: number;
  token: boolean;
}

/** One slice of time. */
export interface Slice {
  second: number;
  /** Requests that reached the service. */
  admitted: number;
  /** Refused by a limit. */
  limited: number;
  /** Refused by anything else. */
  refused: number;
  variants: Record<string, number>;
  /** The guard's mode at the end: 0 closed, 1 open, 2 trickle. */
  guard?: number;
  /** What the limit with least left still had. */
  remaining?: number;
}

export interface CrowdRun {
  variants: Record<string, number>;
  slices: Slice[];
  /** How often a client got another variant than before. */
  moved: number;
  total: number;
  statuses: Record<string, number>;
}

export interface Migrated {
  settings: string;
  counts: string;
  /** How many requests were compared with the native resources, and how it came out. */
  compared: string;
  /** One request for each way in which the decisions differ. */
  differences: string[];
  remarks: Remark[];
}

/** The worker's methods. */
export interface Engine {
  check(settings: string): Promise<Checked>;
  send(settings: string, request: Case): Sent;
  reset(): void;
  cases(settings: string, cases: string): CasesRun;
  crowd(settings: string, plan: CrowdPlan): CrowdRun;
  migrate(manifests: string): Migrated;
  schemas(): Record<string, object>;
}

export type Call = {
  [M in keyof Engine]: { id: number; method: M; args: Parameters<Engine[M]> };
}[keyof Engine];

export type Reply =
  | { ready: true }
  | { id: number; result: unknown }
  | { id: number; error: string; remarks: Remark[] };
