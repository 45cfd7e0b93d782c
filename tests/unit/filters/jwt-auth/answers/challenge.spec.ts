import { Bytes, EMPTY, text, toText } from "../../../../../assembly/lib/bytes";
import { JwtStatus } from "../../../../../assembly/lib/jose/status";
import { challenge } from "../../../../../assembly/filters/jwt-auth/answers/challenge";
import { refusalOf } from "../../../../../assembly/filters/jwt-auth/answers/refusal";

function challengeOf(status: JwtStatus, realm: string, scope: Bytes = EMPTY): string {
  return toText(challenge(refusalOf(status), text(realm), scope));
}

describe("The challenge", () => {
  it("is the realm alone for a request without a token (RFC 6750 section 3.1)", () => {
    expect(challengeOf(JwtStatus.Missing, "shop", text("read"))).toBe('Bearer realm="shop"');
  });

  it("says what was wrong with a token", () => {
    expect(challengeOf(JwtStatus.Expired, "shop")).toBe(
      'Bearer realm="shop", error="invalid_token", error_description="Jwt is expired"',
    );
  });

  it("names the scope that is needed", () => {
    expect(challengeOf(JwtStatus.ClaimNotAllowed, "", text("read write"))).toBe(
      'Bearer realm="", error="insufficient_scope", error_description="Claims in Jwt are not allowed", scope="read write"',
    );
  });

  it("cannot be broken out of, whoever chose the realm", () => {
    expect(challengeOf(JwtStatus.Missing, 'a"b\\c\r\nd\u00e9')).toBe('Bearer realm="abcd"');
    expect(challengeOf(JwtStatus.Missing, "x".repeat(1000)).length).toBe(
      'Bearer realm=""'.length + 256,
    );
  });
});
