// The requests of the differential test: good tokens and bad ones of every kind, in every place.
// Generated from a fixed seed, so that a failure comes again. Where the two filters are meant to
// differ, the case says by which difference.
import { Random } from "../support/random.ts";
import { type Claims, type ForgeKey, forge, keyOfEach, makeKey, signed } from "./jwt-forge.ts";

export const ISSUER = "https://auth.example.com";
export const OTHER_ISSUER = "https://other.example.com";
export const AUDIENCE = "product-api";
/** Of both filters, in seconds. */
export const SKEW = 60;

export const keys = keyOfEach();
export const otherKey = makeKey("RS256", "other-issuer");
/** Not in any set. */
const strangers: Record<string, ForgeKey> = Object.fromEntries(
  ["RS256", "ES256", "EdDSA", "HS256"].map((algorithm) => [algorithm, makeKey(algorithm)]),
);

export interface Case {
  name: string;
  path: string;
  method?: string;
  headers: [string, string][];
  /** The deliberate difference this case shows. Without one both must do the same. */
  difference?: string;
  /** The text of a refusal does not matter: of two faults each filter may name another. */
  anyText?: boolean;
}

const random = new Random(20261124);
const below = (count: number) => random.below(count);
const pick = <T>(list: readonly T[]): T => random.one(list);

const now = Math.floor(Date.now() / 1000);
const base: Claims = { iss: ISSUER, aud: AUDIENCE, sub: "someone", exp: now + 3600 };
const claims = (more: Claims = {}): Claims => ({ ...base, ...more });
const bearer = (token: string): [string, string][] => [["authorization", `Bearer ${token}`]];
const main = keys.RS256!;

const made: Case[] = [];

function add(name: string, token: string, more: Partial<Case> = {}): void {
  made.push({ name, path: "/main", headers: bearer(token), ...more });
}

function algorithms(): void {
  for (const [algorithm, key] of Object.entries(keys)) {
    for (let i = 0; i < 12; i++) {
      const payload = claims({
        jti: `${algorithm}-${i}`,
        extra: "x".repeat(below(400)),
        n: below(1e9),
      });
      add(`good ${algorithm} ${i}`, forge(key, payload), {
        path: pick(["/main", "/forward", "/any", "/claims"]),
      });
    }
    add(`${algorithm} without kid`, forge(key, claims(), { kid: undefined }));
    add(`${algorithm} with an unknown kid`, forge(key, claims(), { kid: "nobody's" }));
    add(
      `${algorithm} with the kid of another key`,
      forge(key, claims(), { kid: pick(Object.values(keys)).kid === key.kid ? "x" : otherKey.kid }),
    );
    for (const other of [
      "RS256",
      "PS384",
      "ES256",
      "ES512",
      "EdDSA",
      "HS256",
      "none",
      "RS1",
      "",
      "rs256",
    ]) {
      if (other !== algorithm)
        add(`${algorithm} that says it is "${other}"`, forge(key, claims(), { alg: other }));
    }
  }
  for (const [algorithm, key] of Object.entries(strangers)) {
    add(`${algorithm} of a stranger with a known kid`, forge(key, claims()));
    add(`${algorithm} of a stranger without kid`, forge(key, claims(), { kid: undefined }));
  }
}

function times(): void {
  // Far enough from the limit for the seconds that all cases take on a slow machine.
  const away = [1, SKEW - 25, SKEW + 25, 3600, 1e6];
  for (const key of [keys.RS256!, keys.ES256!, keys.EdDSA!]) {
    for (const seconds of away) {
      for (const sign of [-1, 1]) {
        const at = now + sign * seconds;
        add(`exp ${sign * seconds} s`, forge(key, claims({ exp: at })));
        add(`nbf ${sign * seconds} s`, forge(key, claims({ nbf: at })));
        add(`iat ${sign * seconds} s`, forge(key, claims({ iat: at })));
        add(`exp and nbf ${sign * seconds} s`, forge(key, claims({ exp: at, nbf: at })));
        add(`lifetime, exp ${sign * seconds} s`, forge(key, claims({ exp: at })), {
          path: "/lifetime",
          ...(sign * seconds > 1800 ? { difference: "own-texts" } : {}),
        });
        add(
          `fraction, exp ${sign * seconds} s`,
          forge(key, claims({ exp: at + 0.5, nbf: at - 9e6 + 0.25 })),
        );
      }
    }
  }
  add("no exp", forge(main, claims({ exp: undefined })));
  add("no exp where it is required", forge(main, claims({ exp: undefined })), {
    path: "/expires",
    difference: "own-texts",
  });
  add("no exp where lifetime is bounded", forge(main, claims({ exp: undefined })), {
    path: "/lifetime",
    difference: "own-texts",
  });
  add("exp 0", forge(main, claims({ exp: 0 })), { difference: "exp-zero" });
  for (const field of ["exp", "nbf", "iat"]) {
    for (const wrong of ["1", null, true, {}, [], -1, -0.5, 1e300, 1e19, "soon"]) {
      add(`${field} ${JSON.stringify(wrong)}`, forge(main, claims({ [field]: wrong })));
    }
  }
}

function audiences(): void {
  const forms = [
    AUDIENCE,
    `https://${AUDIENCE}`,
    `http://${AUDIENCE}`,
    `${AUDIENCE}/`,
    `https://${AUDIENCE}/`,
  ];
  const wrong = [
    "",
    "/",
    "https://",
    "http://https://product-api",
    `${AUDIENCE}//`,
    `HTTPS://${AUDIENCE}`,
    "product",
    "product-api2",
  ];
  for (const path of ["/main", "/slashed", "/several", "/anyone"]) {
    for (const audience of [...forms, ...wrong, undefined]) {
      add(`aud ${audience} at ${path}`, forge(main, claims({ aud: audience })), { path });
      add(`aud [x, ${audience}] at ${path}`, forge(main, claims({ aud: ["x", audience ?? "y"] })), {
        path,
      });
    }
    for (const odd of [[], [1], ["x", null], 5, {}, null, true, [[AUDIENCE]]]) {
      add(`aud ${JSON.stringify(odd)} at ${path}`, forge(main, claims({ aud: odd })), { path });
    }
  }
}

function issuersAndSubjects(): void {
  for (const issuer of [
    ISSUER,
    `${ISSUER}/`,
    "HTTPS://auth.example.com",
    "",
    OTHER_ISSUER,
    undefined,
    5,
    null,
    [ISSUER],
  ]) {
    for (const path of ["/main", "/any", "/all", "/missing", "/failed", "/open", "/second"]) {
      add(`iss ${JSON.stringify(issuer)} at ${path}`, forge(main, claims({ iss: issuer })), {
        path,
      });
      add(
        `iss ${JSON.stringify(issuer)} by the other key at ${path}`,
        forge(otherKey, claims({ iss: issuer })),
        {
          path,
        },
      );
    }
  }
  for (const subject of [
    "someone",
    "spiffe://x",
    "spiffe://",
    "spiffe",
    "",
    undefined,
    5,
    null,
    {},
  ]) {
    const isText = subject === undefined || typeof subject === "string";
    add(`sub ${JSON.stringify(subject)}`, forge(main, claims({ sub: subject })), {
      path: "/subject",
      ...(isText && !subject?.startsWith("spiffe://") ? { difference: "own-texts" } : {}),
    });
    add(`sub ${JSON.stringify(subject)} unasked`, forge(main, claims({ sub: subject })));
  }
  for (const jti of ["x", "", 5, null])
    add(`jti ${JSON.stringify(jti)}`, forge(main, claims({ jti })));
  for (const kid of [5, null, "", {}, ["x"]])
    add(`kid ${JSON.stringify(kid)}`, forge(main, claims(), { kid }), {});
}

function locations(): void {
  const good = forge(main, claims());
  const expired = forge(main, claims({ exp: now - 4000 }));
  const spoilt = `${good.slice(0, -8)}AAAAAAAA`;
  for (const [kind, token] of Object.entries({ good, expired, spoilt })) {
    for (const path of ["/main", "/places", "/kept"]) {
      add(`${kind} in access_token at ${path}`, "", {
        headers: [],
        path: `${path}?access_token=${token}`,
      });
      add(`${kind} in t at ${path}`, "", { headers: [], path: `${path}?t=${token}` });
      add(`${kind} in t among others at ${path}`, "", {
        headers: [],
        path: `${path}?a=1&t=${token}&b=2`,
      });
      add(`${kind} in T at ${path}`, "", { headers: [], path: `${path}?T=${token}` });
      add(`${kind} in cookie c at ${path}`, "", {
        headers: [["cookie", `c=${token}`]],
        path,
        ...cookieGone(kind, path),
      });
      add(`${kind} in cookie c among others at ${path}`, "", {
        headers: [["cookie", `a=1; c=${token}; b=2`]],
        path,
        ...cookieGone(kind, path),
      });
      add(`${kind} in cookie d at ${path}`, "", { headers: [["cookie", `d=${token}`]], path });
      add(`${kind} in x-token at ${path}`, "", { headers: [["x-token", token]], path });
      add(`${kind} in x-other at ${path}`, "", { headers: [["x-other", token]], path });
      add(`${kind} in x-prefixed at ${path}`, "", {
        headers: [["x-prefixed", `jwt:${token}`]],
        path,
      });
      add(`${kind} in x-prefixed without it at ${path}`, "", {
        headers: [["x-prefixed", token]],
        path,
      });
      add(`${kind} in authorization at ${path}`, token, { path });
      add(`${kind} as Basic at ${path}`, "", {
        headers: [["authorization", `Basic ${token}`]],
        path,
      });
      add(`${kind} as bearer at ${path}`, "", {
        headers: [["authorization", `bearer ${token}`]],
        path,
        ...(path === "/main" ? { difference: "scheme-case" } : {}),
      });
    }
  }
  for (const path of [
    "/main",
    "/any",
    "/missing",
    "/failed",
    "/open",
    "/claims",
    "/all",
    "/places",
  ]) {
    add(`no token at ${path}`, "", { headers: [], path });
    add(`an empty header at ${path}`, "", { headers: [["authorization", ""]], path });
    add(`a bare scheme at ${path}`, "", { headers: [["authorization", "Bearer"]], path });
    add(`good and expired at ${path}`, good, { path: `${path}?access_token=${expired}` });
    add(`expired and good at ${path}`, expired, {
      path: `${path}?access_token=${good}`,
      ...(path === "/failed" ? { difference: "one-bad-of-several" } : {}),
    });
    add(`good twice at ${path}`, good, {
      path: `${path}?access_token=${good}`,
      ...(["/claims", "/failed", "/missing"].includes(path) ? { difference: "header-once" } : {}),
    });
    add(`good and nonsense at ${path}`, good, { path: `${path}?access_token=nonsense` });
  }
  const both = [["x-token", good] as [string, string]];
  add("good in two headers", "", {
    path: "/places",
    headers: [...both, ["x-prefixed", `jwt:${good}`]],
  });
  add("good and bad in two headers", "", {
    path: "/places",
    headers: [...both, ["x-prefixed", `jwt:${expired}`]],
  });
  add("good twice in one header", "", { path: "/places", headers: [...both, ...both] });
  add("good and bad in one header", "", {
    path: "/places",
    headers: [...both, ["x-token", expired]],
  });
  const headers = (value: string): Partial<Case> => ({ headers: [["authorization", value]] });
  add("two tokens in one header", "", {
    ...headers(`Bearer ${good}, Bearer ${good}`),
    difference: "list-of-tokens",
  });
  add("a neighbour in the header", "", {
    ...headers(`Bearer ${good}, Basic abc`),
    difference: "list-of-tokens",
  });
  add("prefix in the middle", "", {
    path: "/places",
    headers: [["x-prefixed", `zz jwt:${good}`]],
    difference: "prefix-inside",
  });
  add("two values of a parameter", "", {
    headers: [],
    path: `/main?access_token=${good}&access_token=${expired}`,
    difference: "every-value",
  });
}

/** Natively a cookie is never removed. */
function cookieGone(kind: string, path: string): Partial<Case> {
  return kind === "good" && path === "/places" ? { difference: "cookie-removed" } : {};
}

function claimHeaders(): void {
  const values: unknown[] = [
    "text",
    "",
    "ü",
    5,
    -5,
    0,
    1.5,
    true,
    false,
    "5",
    "a b",
    "x".repeat(300),
    2 ** 31,
    -(2 ** 31),
    2 ** 53 - 1,
  ];
  for (const value of values) {
    const isWhole = typeof value !== "number" || (value >= 0 && Number.isInteger(value));
    add(
      `claim ${JSON.stringify(value)?.slice(0, 20)}`,
      forge(main, claims({ role: value, deep: { er: value } })),
      {
        path: "/claims",
        ...(isWhole ? {} : { difference: "numbers-as-written" }),
      },
    );
  }
  for (const value of [null, undefined])
    add(`claim ${value}`, forge(main, claims({ role: value })), { path: "/claims" });
  for (const value of [["a", "b"], { a: 1 }, [], {}]) {
    add(`claim ${JSON.stringify(value)}`, forge(main, claims({ role: value })), {
      path: "/claims",
      difference: "claim-as-json",
    });
  }
  const large = JSON.stringify(claims({ role: 0 })).replace(
    '"role":0',
    '"role":12345678901234567890',
  );
  add("a claim named by a URL", forge(main, claims({ "https://example.com/role": "admin" })), {
    path: "/claims",
    difference: "url-claim",
  });
  add("claim above 2^53", forge(main, large), { path: "/claims", difference: "large-numbers" });
  const forgedHeaders: [string, string][] = [
    ["x-role", "admin"],
    ["x-deep", "admin"],
    ["x-payload", "e30"],
    ["X-Role", "root"],
  ];
  add("forged claim headers", "", {
    path: "/claims",
    headers: [...bearer(forge(main, claims())), ...forgedHeaders],
  });
  add("forged claim headers and the real", "", {
    path: "/claims",
    headers: [...bearer(forge(main, claims({ role: "user" }))), ...forgedHeaders],
  });
  add("forged claim headers and a bad token", "", {
    path: "/failed",
    headers: [...bearer("a.b.c"), ...forgedHeaders],
  });
  add("forged claim headers and no token", "", { path: "/missing", headers: forgedHeaders });
  add("forged claim headers where none is needed", "", {
    path: "/open",
    headers: forgedHeaders,
  });
}

function preflights(): void {
  const origin: [string, string] = ["origin", "https://page.example.com"];
  const asked: [string, string] = ["access-control-request-method", "GET"];
  for (const [name, method, headers] of [
    ["a preflight", "OPTIONS", [origin, asked]],
    ["a preflight without origin", "OPTIONS", [asked]],
    ["a preflight without method", "OPTIONS", [origin]],
    ["a preflight with an empty origin", "OPTIONS", [["origin", ""], asked]],
    ["no preflight", "GET", [origin, asked]],
  ] as [string, string, [string, string][]][]) {
    add(name, "", { method, headers });
  }
}

/** As AWS's load balancers write tokens: base64 with its padding, which is signed too. */
function padded(): void {
  const encode = (text: string) =>
    Buffer.from(text).toString("base64").replaceAll("+", "-").replaceAll("/", "_");
  for (const key of [main, keys.ES256!]) {
    const header = JSON.stringify({ alg: key.algorithm, kid: key.kid });
    const odd = header.length % 3 === 0 ? `${header} ` : header;
    const input = `${encode(odd)}.${encode(JSON.stringify(claims()))}`;
    add(`padded ${key.algorithm}`, signed(key, input), { difference: "padded" });
  }
}

/**
 * The native parser takes these for JSON, or other numbers for none. Neither filter lets them
 * pass.
 */
const looseJson = new Set(["null", "{'iss':1}", '{"a":1,}', '{"a":"\t"}', '{"a":1e999}']);

function malformed(): void {
  const good = forge(main, claims());
  const [header, payload, signature] = good.split(".") as [string, string, string];
  for (const text of [
    "a",
    "a.b",
    "a.b.c",
    "a.b.c.d",
    ".",
    "..",
    "...",
    "e30.e30.e30",
    `${header}.${payload}`,
    "null",
    "{}",
  ]) {
    add(`"${text.slice(0, 12)}" as token`, text);
  }
  for (const [name, token] of Object.entries({
    "a dot in front": `.${good}`,
    "a dot behind": `${good}.`,
    "two dots between": `${header}..${payload}.${signature}`,
  })) {
    add(name, token, { difference: "stray-dots" });
  }
  for (const part of [0, 1, 2]) {
    const parts = [header, payload, signature];
    for (const [what, text] of Object.entries({
      padded: "=",
      "standard alphabet": "+/",
      blank: " ",
      unicode: "é",
      percent: "%41",
      newline: "\\n",
    })) {
      const spoilt = parts.map((each, i) => (i === part ? each + text : each)).join(".");
      add(`part ${part} ${what}`, "", {
        headers: [["authorization", Buffer.from(`Bearer ${spoilt}`).toString("latin1")]],
        ...(what === "blank" && part < 2 ? { difference: "strict-base64" } : {}),
      });
    }
  }
  const jsons = [
    "",
    "{",
    "[]",
    "null",
    "1",
    '"x"',
    "{}x",
    '{"iss":}',
    "{'iss':1}",
    '{"a":1,}',
    "\u0000",
    '{"a":"\t"}',
    '{"a":01}',
    '{"a":1e999}',
    '{"a":"\\ud800"}',
  ];
  for (const text of jsons) {
    add(
      `payload ${JSON.stringify(text)}`,
      forge(main, text),
      looseJson.has(text) ? { difference: "strict-json" } : {},
    );
    add(
      `header ${JSON.stringify(text)}`,
      forge(main, claims(), text),
      looseJson.has(text) ? { difference: "strict-json" } : {},
    );
  }
  add("a repeated claim", forge(main, `{"iss":"x",${JSON.stringify(claims()).slice(1)}`));
  add(
    "a repeated header",
    forge(main, claims(), `{"alg":"none","alg":"RS256","kid":"${main.kid}"}`),
  );
  add("crit", forge(main, claims(), { crit: ["x"], x: 1 }), { difference: "crit" });
  for (const typ of ["dpop+jwt", "logout+jwt"])
    add(`typ ${typ}`, forge(main, claims(), { typ }), { difference: "typ" });
  for (const typ of ["jwt", "JWT", "at+jwt", "application/at+jwt"])
    add(`typ ${typ}`, forge(main, claims(), { typ }));
}

function mutations(): void {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  for (const [algorithm, key] of Object.entries(keys)) {
    for (let i = 0; i < 24; i++) {
      const good = forge(key, claims({ jti: `m${i}` }));
      const [header, payload, signature] = good.split(".") as [string, string, string];
      const at = below(signature.length - 2);
      const letter = alphabet[(alphabet.indexOf(signature[at]!) + 1 + below(62)) % 64]!;
      const flipped = signature.slice(0, at) + letter + signature.slice(at + 1);
      add(`${algorithm} signature changed at ${at}`, `${header}.${payload}.${flipped}`);
      const cut = 1 + below(signature.length - 2);
      const short = Buffer.from(signature, "base64url")
        .subarray(0, Math.max(1, Math.floor((cut * 3) / 4)))
        .toString("base64url");
      add(`${algorithm} signature cut to ${short.length}`, `${header}.${payload}.${short}`);
      const extra = 1 + below(9);
      const long = Buffer.concat([
        Buffer.from(signature, "base64url"),
        Buffer.alloc(extra, below(256)),
      ]);
      add(
        `${algorithm} signature with ${extra} bytes behind`,
        `${header}.${payload}.${long.toString("base64url")}`,
        // Natively an odd number of bytes is halved, and what is left over does not count.
        algorithm.startsWith("ES") && extra === 1 ? { difference: "longer-ecdsa" } : {},
      );
      const body = Buffer.from(payload, "base64url");
      const place = 1 + body.indexOf('"jti"') + 7;
      body[place] = body[place] === 0x39 ? 0x38 : 0x39;
      add(`${algorithm} payload changed`, `${header}.${body.toString("base64url")}.${signature}`);
    }
    const good = forge(key, claims());
    for (let i = 0; i < 20; i++) {
      const length = below(good.lastIndexOf(".") - 1);
      add(`${algorithm} cut to ${length} characters`, good.slice(0, length));
    }
  }
  add("a signature of another token", signed(main, "e30.e30"));
}

/** All cases, the same in every run but for the clock, the keys and the signatures. */
export function generateCases(): Case[] {
  made.length = 0;
  for (const part of [
    algorithms,
    times,
    audiences,
    issuersAndSubjects,
    locations,
    claimHeaders,
    preflights,
    malformed,
    padded,
    mutations,
  ]) {
    part();
  }
  return made;
}

/** Where a token may hide: for a search that is meant to find exactly what Envoy's finds. */
export function searchCases(): Case[] {
  const good = forge(main, claims());
  const expired = forge(main, claims({ exp: now - 3600 }));
  const found: Case[] = [];
  const brief = (text: string) => text.replaceAll(good, "GOOD").replaceAll(expired, "EXPIRED");
  const values = [good, expired, "nonsense", "a.b.c", "", "!!!", ","];
  const around = [
    (value: string) => value,
    (value: string) => `Bearer ${value}`,
    (value: string) => `Bearer  ${value}`,
    (value: string) => `Bearer\t${value}`,
    (value: string) => `BEARER ${value}`,
    (value: string) => `xBearer ${value}`,
    (value: string) => `Basic abc, Bearer ${value}`,
    (value: string) => `Bearer ${value},Bearer ${expired}`,
    (value: string) => `Bearer "${value}"`,
    (value: string) => `Bearer ${value} tail`,
    (value: string) => `Bearer ${value}=`,
    (value: string) => `jwt:${value}`,
    (value: string) => `jwt:=${value}`,
    (value: string) => `jwt:jwt:${value}`,
    (value: string) => `JWT:${value}`,
  ];
  for (const path of ["/main", "/places", "/missing", "/kept"]) {
    for (const value of values) {
      for (const wrap of around) {
        for (const name of ["authorization", "x-token", "x-prefixed"]) {
          const text = wrap(value);
          found.push({ name: `${name}: ${brief(text)}`, path, headers: [[name, text]] });
        }
      }
      for (const other of values) {
        for (const name of ["authorization", "x-token", "x-prefixed"]) {
          const prefix = { authorization: "Bearer ", "x-prefixed": "jwt:" }[name] ?? "";
          const headers: [string, string][] = [
            [name, prefix + value],
            [name, prefix + other],
          ];
          found.push({ name: `${name} twice: ${brief(value)}, ${brief(other)}`, path, headers });
        }
        for (const parameter of ["access_token", "t", "%74"]) {
          const query = `${parameter}=${value}&x=1&${parameter}=${other}`;
          found.push({ name: brief(query), path: `${path}?${query}`, headers: [] });
          const bare = `${parameter}&${parameter}=${other}`;
          found.push({ name: brief(bare), path: `${path}?${bare}`, headers: [] });
        }
        for (const cookie of [
          `c=${value}; c=${other}`,
          `a=1; c="${value}"`,
          `C=${value};c=${other}`,
        ])
          found.push({ name: brief(cookie), path, headers: [["cookie", cookie]] });
        found.push({
          name: `two cookies: ${brief(value)}, ${brief(other)}`,
          path,
          headers: [
            ["cookie", `c=${value}`],
            ["cookie", `c=${other}`],
          ],
        });
      }
    }
  }
  return found.map((each) => ({ ...each, anyText: true }));
}
