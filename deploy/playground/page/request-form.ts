// The form of one request, as a case that the emulator takes and a case file can hold.
import type { Case } from "../../emulator/cases.ts";
import { byId, el } from "./dom.ts";

/** What a token is asked to be, in the words of a case file. `undefined`: no token at all. */
const tokens: [label: string, words: string | undefined][] = [
  ["no token", undefined],
  ["a good token", ""],
  ["an expired token", "exp=-1h"],
  ["a token for another audience", "audience=other-api"],
  ["a token of another issuer", "issuer=https://other.example.com"],
  ["a token whose payload was changed", "tamper=payload"],
  ["a token without a signature", "tamper=none"],
  ["a token signed with RS256", "alg=RS256"],
];

export interface FormState {
  method: string;
  path: string;
  host: string;
  token?: string;
  claims: string;
  headers: string;
  source: string;
  wait: string;
  status: string;
}

const empty: FormState = {
  method: "GET",
  path: "/",
  host: "",
  claims: "",
  headers: "",
  source: "",
  wait: "",
  status: "200",
};

const fields = ["method", "path", "host", "claims", "headers", "source", "wait", "status"] as const;

export class RequestForm {
  private readonly token = byId<HTMLSelectElement>("token");

  constructor(send: () => void) {
    for (const [label, words] of tokens)
      this.token.append(el("option", { value: words ?? "-" }, label));
    byId<HTMLFormElement>("request").addEventListener("submit", (event) => {
      event.preventDefault();
      send();
    });
  }

  get state(): FormState {
    const values = fields.map((name) => [name, this.field(name).value.trim()]);
    const token = this.token.value === "-" ? undefined : this.token.value;
    return { ...(Object.fromEntries(values) as unknown as FormState), token };
  }

  set state(given: Partial<FormState>) {
    const state = { ...empty, ...given };
    for (const name of fields) this.field(name).value = String(state[name] ?? "");
    const words = state.token ?? "-";
    if (![...this.token.options].some(({ value }) => value === words))
      this.token.append(el("option", { value: words }, `a token with ${words}`));
    this.token.value = words;
  }

  private field(name: string): HTMLInputElement {
    return byId<HTMLInputElement>(name);
  }

  /** The request as a case. Throws with the line that is no header. */
  toCase(name = "request"): Case {
    const { method, path, host, token, claims, headers, source, wait, status } = this.state;
    const pairs = headers.split("\n").filter((line) => line.trim() !== "");
    const given = pairs.map((line): [string, string] => {
      const at = line.indexOf(":", 1);
      if (at < 0) throw new Error(`header "${line}": write name: value`);
      return [line.slice(0, at).trim().toLowerCase(), line.slice(at + 1).trim()];
    });
    if (token !== undefined) {
      const words = [token, claims].filter(Boolean).join(" ");
      given.push(["authorization", `Bearer {{token${words ? ` ${words}` : ""}}}`]);
    }
    return {
      name,
      request: {
        ...(method !== "GET" && { method }),
        path: path || "/",
        ...(host && { authority: host }),
        ...(source && { sourceAddress: source }),
        ...(given.length > 0 && { headers: joined(given) }),
      },
      ...(status !== "" && status !== "200" && { response: { status: Number(status) } }),
      ...(wait && { advance: wait }),
    };
  }

  /** Fills the form from a case. */
  show({ request = {}, response, advance }: Case): void {
    const pairs = pairsOf(request.headers);
    const bearer = pairs.find(([name]) => name.toLowerCase() === "authorization");
    const words = /^Bearer \{\{token ?([^}]*)\}\}$/.exec(bearer?.[1] ?? "")?.[1];
    const rest = words === undefined ? pairs : pairs.filter((pair) => pair !== bearer);
    const known = tokens.some(([, one]) => one === words);
    this.state = {
      method: request.method ?? "GET",
      path: request.path ?? "/",
      host: request.authority ?? "",
      token: words === undefined ? undefined : known ? words : "",
      claims: words === undefined || known ? "" : words,
      headers: rest.map(([name, value]) => `${name}: ${value}`).join("\n"),
      source: request.sourceAddress ?? "",
      wait: advance ?? "",
      status: String(response?.status ?? 200),
    };
  }
}

/** A map of headers; a name that comes twice becomes a list of pairs, as the emulator takes it. */
function joined(pairs: [string, string][]): Record<string, string> | [string, string][] {
  const map = Object.fromEntries(pairs);
  return Object.keys(map).length === pairs.length ? map : pairs;
}

function pairsOf(headers: unknown): [string, string][] {
  if (Array.isArray(headers)) return headers.map(([name, value]) => [String(name), String(value)]);
  return Object.entries((headers ?? {}) as Record<string, unknown>).flatMap(([name, value]) =>
    [value].flat().map((one): [string, string] => [name, String(one)]),
  );
}
