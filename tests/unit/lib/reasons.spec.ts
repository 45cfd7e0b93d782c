// Every status has its words: a list of them is read by the status's number, and one behind its
// end would be a trap.
import {
  DiscoveryStatus,
  describeDiscovery,
} from "../../../assembly/filters/jwt-auth/keys/discovery";
import { JwkStatus, describeJwk } from "../../../assembly/lib/jose/jwk-status";
import { KeySetStatus, describeKeySet } from "../../../assembly/lib/jose/key-set";
import { JsonStatus, describe as describeJson } from "../../../assembly/lib/json/status";
import { RegexStatus, regexReason } from "../../../assembly/lib/regex/status";

describe("every status has its own words", () => {
  test("of a JSON text", () => {
    for (let status = 0; status <= <i32>JsonStatus.TrailingText; status++) {
      expect(describeJson(<JsonStatus>status).length).toBeGreaterThan(0);
    }
    expect(describeJson(JsonStatus.TrailingText)).toBe("text after the value");
    expect(describeJson(JsonStatus.BadUtf8)).toBe("not UTF-8");
  });

  test("of a regular expression", () => {
    for (let status = 0; status <= <i32>RegexStatus.TooLarge; status++) {
      expect(regexReason(<RegexStatus>status).length).toBeGreaterThan(0);
    }
    expect(regexReason(RegexStatus.TooLarge)).toBe("the pattern is too large once compiled");
    expect(regexReason(RegexStatus.MissingOperand)).toBe("nothing to repeat");
  });

  test("of a key", () => {
    for (let status = 1; status <= <i32>JwkStatus.SecretTooLong; status++) {
      expect(describeJwk(<JwkStatus>status).length).toBeGreaterThan(0);
    }
    expect(describeJwk(JwkStatus.SecretTooLong)).toBe("the secret has more than 1024 bytes");
    expect(describeJwk(JwkStatus.ModulusFactorable)).toBe(
      "RSA modulus can be factored (CVE-2017-15361)",
    );
    expect(describeJwk(JwkStatus.PointOffCurve)).toBe("the point is not on the curve");
  });

  test("of a set of keys", () => {
    for (let status = 1; status <= <i32>KeySetStatus.NoValidKeys; status++) {
      expect(describeKeySet(<KeySetStatus>status).length).toBeGreaterThan(0);
    }
    expect(describeKeySet(KeySetStatus.NoValidKeys)).toBe("Jwks doesn't have any valid public key");
  });

  test("of an OpenID configuration", () => {
    for (let status = 1; status <= <i32>DiscoveryStatus.Insecure; status++) {
      expect(describeDiscovery(<DiscoveryStatus>status).length).toBeGreaterThan(0);
    }
    expect(describeDiscovery(DiscoveryStatus.NoAddress)).toBe(
      "the OpenID configuration has no usable jwks_uri",
    );
  });
});
