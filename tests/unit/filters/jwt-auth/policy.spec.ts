import { Bytes, toText, utf8, view } from "../../../../assembly/lib/bytes";
import { encodeBase64url } from "../../../../assembly/lib/base64url";
import { ConfigErrors } from "../../../../assembly/lib/config/reader";
import { HmacKey } from "../../../../assembly/lib/crypto/hmac";
import { SHA256 } from "../../../../assembly/lib/crypto/sha256";
import { JwtStatus } from "../../../../assembly/lib/jose/status";
import { Writer } from "../../../../assembly/lib/writer";
import { readSettings } from "../../../../assembly/filters/jwt-auth/config";
import { Policy } from "../../../../assembly/filters/jwt-auth/policy";
import { VerdictKind } from "../../../../assembly/filters/jwt-auth/answers/verdict";
import { HostSignatures } from "../../../../assembly/filters/jwt-auth/token/verifier";
import { FakeRequest } from "../../support/request";

/** A host that can verify nothing. */
class NoSignatures extends HostSignatures {
  isThere(): bool {
    return false;
  }

  verify(argument: Bytes): bool {
    return false;
  }
}

const SECRET = "0123456789abcdef0123456789abcdef";
const SECOND: i64 = 1_000_000_000;
const signing = new HmacKey(SHA256, view(utf8(SECRET)));

function encoded(bytes: Bytes): string {
  const writer = new Writer();
  encodeBase64url(bytes, writer);
  return toText(writer.view());
}

function token(payload: string): string {
  const input = encoded(view(utf8('{"alg":"HS256"}'))) + "." + encoded(view(utf8(payload)));
  const tag = new StaticArray<u8>(32);
  signing.sign(view(utf8(input)), changetype<usize>(tag));
  return input + "." + encoded(view(tag));
}

function policy(provider: string, more: string = ""): Policy {
  const jwks =
    '"jwks":{"keys":[{"kty":"oct","k":"' +
    encoded(view(utf8(SECRET))) +
    '"}]},"algorithms":["HS256"]';
  const errors = new ConfigErrors();
  const json = '{"providers":[{"name":"main",' + jwks + provider + "}]" + more + "}";
  const config = readSettings(utf8(json), errors);
  expect(errors.first).toBe("");
  return new Policy(config, new NoSignatures(), 1, 2);
}

function bearer(payload: string): FakeRequest {
  return new FakeRequest().with("authorization", "Bearer " + token(payload));
}

function statusAt(judge: Policy, payload: string, nanos: i64): JwtStatus {
  const verdict = judge.judge(bearer(payload), nanos);
  return verdict.kind == VerdictKind.Pass ? JwtStatus.Ok : verdict.status;
}

describe("The policy", () => {
  it("knows the very nanosecond at which a token ends, first seen or known", () => {
    const judge = policy(',"clockSkew":"10s"');
    const payload = '{"exp":1000}';
    expect(statusAt(judge, payload, 1010 * SECOND - 1)).toBe(JwtStatus.Ok);
    expect(statusAt(judge, payload, 1010 * SECOND)).toBe(JwtStatus.Expired);
    expect(judge.hits).toBe(1);
    expect(statusAt(policy(',"clockSkew":"10s"'), payload, 1010 * SECOND)).toBe(JwtStatus.Expired);
  });

  it("knows the very nanosecond from which a token holds", () => {
    const judge = policy(',"clockSkew":"10s"');
    expect(statusAt(judge, '{"nbf":1000}', 990 * SECOND - 1)).toBe(JwtStatus.NotYetValid);
    expect(statusAt(judge, '{"nbf":1000}', 990 * SECOND)).toBe(JwtStatus.Ok);
  });

  it("takes a token without an end, unless one is required or the lifetime bounded", () => {
    expect(statusAt(policy(""), "{}", SECOND)).toBe(JwtStatus.Ok);
    expect(statusAt(policy(',"requireExpiration":true'), "{}", SECOND)).toBe(
      JwtStatus.ExpirationMissing,
    );
    expect(statusAt(policy(',"maxLifetime":"1m"'), "{}", SECOND)).toBe(JwtStatus.ExpirationMissing);
    expect(statusAt(policy(',"maxLifetime":"1m"'), '{"exp":61}', SECOND)).toBe(JwtStatus.Ok);
    expect(statusAt(policy(',"maxLifetime":"1m"'), '{"exp":62}', SECOND)).toBe(
      JwtStatus.LifetimeTooLong,
    );
  });

  it("takes exp 0 for what it is, and the end of time for no trap", () => {
    const now: i64 = 1_700_000_000 * SECOND;
    expect(statusAt(policy(""), '{"exp":0}', now)).toBe(JwtStatus.Expired);
    expect(statusAt(policy(""), '{"exp":9223372036854775807}', now)).toBe(JwtStatus.Ok);
    expect(statusAt(policy(',"clockSkew":"8784h"'), '{"exp":10000000000000000000}', now)).toBe(
      JwtStatus.Ok,
    );
    expect(statusAt(policy(""), '{"nbf":10000000000000000000}', now)).toBe(JwtStatus.NotYetValid);
  });

  it("asks for a token where no rule matches, and of the first that does where one does", () => {
    const rules =
      ',"rules":[{"match":[{"uri":{"prefix":"/open"}}],"requires":{"none":true}},' +
      '{"match":[{"uri":{"prefix":"/"}}],"claims":[{"claim":"role","equals":"admin"}]}]';
    const judge = policy("", rules);
    expect(judge.judge(new FakeRequest("GET", "/open"), SECOND).kind).toBe(VerdictKind.Pass);
    expect(judge.judge(new FakeRequest("GET", "/other"), SECOND).status).toBe(JwtStatus.Missing);
    expect(statusAt(judge, '{"role":"admin"}', SECOND)).toBe(JwtStatus.Ok);
    expect(statusAt(judge, '{"role":"user"}', SECOND)).toBe(JwtStatus.ClaimNotAllowed);
    expect(statusAt(judge, "{}", SECOND)).toBe(JwtStatus.ClaimNotAllowed);
  });

  it("wants all tokens of a request to hold, and says how many passed", () => {
    const judge = policy("");
    const both = bearer("{}").with("authorization", "Bearer " + token('{"jti":"2"}'));
    const verdict = judge.judge(both, SECOND);
    expect(verdict.kind).toBe(VerdictKind.Pass);
    expect(verdict.acceptedCount).toBe(2);
    const bad = bearer("{}").with("authorization", "Bearer " + token('{"exp":0}'));
    expect(judge.judge(bad, 1_700_000_000 * SECOND).status).toBe(JwtStatus.Expired);
    expect(judge.verdict.acceptedCount).toBe(0);
  });

  it("lets a preflight pass by default", () => {
    const preflight = new FakeRequest("OPTIONS")
      .with("origin", "https://a")
      .with("access-control-request-method", "GET");
    expect(policy("").judge(preflight, SECOND).kind).toBe(VerdictKind.Pass);
    expect(policy("", ',"bypassCorsPreflight":false').judge(preflight, SECOND).status).toBe(
      JwtStatus.Missing,
    );
    expect(
      policy("").judge(new FakeRequest("OPTIONS").with("origin", "https://a"), SECOND).status,
    ).toBe(JwtStatus.Missing);
  });
});
