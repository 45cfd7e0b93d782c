import { text, toText, view } from "../../../../../assembly/lib/bytes";
import { Address } from "../../../../../assembly/filters/jwt-auth/keys/address";
import {
  DiscoveryStatus,
  readDiscovered,
} from "../../../../../assembly/filters/jwt-auth/keys/discovery";

const ISSUER = "https://auth.example.com";

function read(body: string, found: Address = new Address()): DiscoveryStatus {
  const asked = new Address();
  asked.read(text(ISSUER + "/.well-known/openid-configuration"));
  return readDiscovered(text(body), text(ISSUER), asked, found);
}

describe("The issuer's OpenID configuration", () => {
  it("says where the keys are, also on another host", () => {
    const found = new Address();
    const body =
      '{"issuer":"https://auth.example.com","jwks_uri":"https://keys.example.org/v1?x","x":[1,{}]}';
    expect(read(body, found)).toBe(DiscoveryStatus.Ok);
    expect(toText(view(found.authority))).toBe("keys.example.org");
    expect(toText(view(found.path))).toBe("/v1?x");
  });

  it("counts only for exactly the issuer that was asked", () => {
    expect(read('{"issuer":"https://auth.example.com/","jwks_uri":"https://a/"}')).toBe(
      DiscoveryStatus.OtherIssuer,
    );
    expect(read('{"jwks_uri":"https://a/"}')).toBe(DiscoveryStatus.OtherIssuer);
  });

  it("is refused without a usable address, and without https where the issuer has it", () => {
    expect(read('{"issuer":"https://auth.example.com"}')).toBe(DiscoveryStatus.NoAddress);
    expect(read('{"issuer":"https://auth.example.com","jwks_uri":"file:///etc/passwd"}')).toBe(
      DiscoveryStatus.NoAddress,
    );
    expect(read('{"issuer":"https://auth.example.com","jwks_uri":7}')).toBe(
      DiscoveryStatus.NoAddress,
    );
    expect(read('{"issuer":"https://auth.example.com","jwks_uri":"http://a/"}')).toBe(
      DiscoveryStatus.Insecure,
    );
  });

  it("is refused when it is no JSON, or too deep", () => {
    expect(read("<html>")).toBe(DiscoveryStatus.NotJson);
    expect(read("")).toBe(DiscoveryStatus.NotJson);
    expect(read("[".repeat(5000))).toBe(DiscoveryStatus.NotJson);
    expect(read("[]")).toBe(DiscoveryStatus.OtherIssuer);
  });
});
