import { Bytes, toText, utf8, view } from "../../../../assembly/lib/bytes";
import { encodeBase64url } from "../../../../assembly/lib/base64url";
import { ConfigErrors } from "../../../../assembly/lib/config/reader";
import { HmacKey } from "../../../../assembly/lib/crypto/hmac";
import { SHA256 } from "../../../../assembly/lib/crypto/sha256";
import { JwtStatus } from "../../../../assembly/lib/jose/status";
import { Writer } from "../../../../assembly/lib/writer";
import { readSettings } from "../../../../assembly/filters/jwt-auth/config";
import { Policy } from "../../../../assembly/filters/jwt-auth/policy";
import { DecisionKind } from "../../../../assembly/filters/jwt-auth/answers/decision";
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

function statusAt(policy: Policy, payload: string, nanos: i64): JwtStatus {
  const decision = policy.decide(bearer(payload), nanos);
  return decision.kind == DecisionKind.Allow ? JwtStatus.Ok : decision.status;
}

describe("The policy", () => {
  it("knows the very nanosecond at which a token ends, first seen or known", () => {
    const subject = policy(',"clockSkew":"10s"');
    const payload = '{"exp":1000}';
    expect(statusAt(subject, payload, 1010 * SECOND - 1)).toBe(JwtStatus.Ok);
    expect(statusAt(subject, payload, 1010 * SECOND)).toBe(JwtStatus.Expired);
    expect(subject.hits).toBe(1);
    expect(statusAt(policy(',"clockSkew":"10s"'), payload, 1010 * SECOND)).toBe(JwtStatus.Expired);
  });

  it("knows the very nanosecond from which a token holds", () => {
    const subject = policy(',"clockSkew":"10s"');
    expect(statusAt(subject, '{"nbf":1000}', 990 * SECOND - 1)).toBe(JwtStatus.NotYetValid);
    expect(statusAt(subject, '{"nbf":1000}', 990 * SECOND)).toBe(JwtStatus.Ok);
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
    const subject = policy("", rules);
    expect(subject.decide(new FakeRequest("GET", "/open"), SECOND).kind).toBe(DecisionKind.Allow);
    expect(subject.decide(new FakeRequest("GET", "/other"), SECOND).status).toBe(JwtStatus.Missing);
    expect(statusAt(subject, '{"role":"admin"}', SECOND)).toBe(JwtStatus.Ok);
    expect(statusAt(subject, '{"role":"user"}', SECOND)).toBe(JwtStatus.ClaimNotAllowed);
    expect(statusAt(subject, "{}", SECOND)).toBe(JwtStatus.ClaimNotAllowed);
  });

  it("wants all tokens of a request to hold, and says how many passed", () => {
    const subject = policy("");
    const both = bearer("{}").with("authorization", "Bearer " + token('{"jti":"2"}'));
    const decision = subject.decide(both, SECOND);
    expect(decision.kind).toBe(DecisionKind.Allow);
    expect(decision.acceptedCount).toBe(2);
    const bad = bearer("{}").with("authorization", "Bearer " + token('{"exp":0}'));
    expect(subject.decide(bad, 1_700_000_000 * SECOND).status).toBe(JwtStatus.Expired);
    expect(subject.decision.acceptedCount).toBe(0);
  });

  it("does not take a request with a body for a preflight", () => {
    const preflight = new FakeRequest("OPTIONS")
      .with("origin", "https://a")
      .with("access-control-request-method", "GET");
    preflight.hasBody = true;
    expect(policy("").decide(preflight, SECOND).status).toBe(JwtStatus.Missing);
  });

  it("lets a preflight pass by default", () => {
    const preflight = new FakeRequest("OPTIONS")
      .with("origin", "https://a")
      .with("access-control-request-method", "GET");
    expect(policy("").decide(preflight, SECOND).kind).toBe(DecisionKind.Allow);
    expect(policy("", ',"bypassCorsPreflight":false').decide(preflight, SECOND).status).toBe(
      JwtStatus.Missing,
    );
    expect(
      policy("").decide(new FakeRequest("OPTIONS").with("origin", "https://a"), SECOND).status,
    ).toBe(JwtStatus.Missing);
  });
});
