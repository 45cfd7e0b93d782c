// The signed examples of RFC 7515, appendix A, through the whole filter, at a time when they held.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Clock } from "../../deploy/emulator/clock.ts";
import { Proxy } from "../../deploy/emulator/proxy.ts";
import { Module } from "../../deploy/emulator/vm.ts";

const module = Module.load("build/jwt-auth.wasm");
/** A minute before the examples' `exp`. */
const THEN = (1_300_819_380 - 60) * 1000;
const payload =
  "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

const examples: Record<string, { jwk: object; token: string }> = {
  "A.1, HS256": {
    jwk: {
      kty: "oct",
      k: "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
    },
    token: `eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.${payload}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk`,
  },
  "A.2, RS256": {
    jwk: {
      kty: "RSA",
      n: "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
      e: "AQAB",
    },
    token: `eyJhbGciOiJSUzI1NiJ9.${payload}.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw`,
  },
  "A.3, ES256": {
    jwk: {
      kty: "EC",
      crv: "P-256",
      x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
      y: "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    },
    token: `eyJhbGciOiJFUzI1NiJ9.${payload}.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q`,
  },
};

const notSigned = `eyJhbGciOiJub25lIn0.${payload}.`;

for (const [name, { jwk, token }] of Object.entries(examples)) {
  for (const functions of [["verify_signature"], []]) {
    test(`${name} ${functions.length > 0 ? "with the host's verification" : "by our own code"}`, () => {
      const proxy = new Proxy({ clock: new Clock(THEN), foreignFunctions: functions });
      const algorithms = ["HS256", "RS256", "ES256"];
      const provider = {
        name: "joe",
        issuer: "joe",
        jwks: { keys: [jwk] },
        algorithms,
        requiredClaims: [["http://example.com/is_root"]],
      };
      proxy.install({ module, config: { providers: [provider] } });
      const reason = (bearer: string) => {
        const stream = proxy.exchange({ headers: { authorization: `Bearer ${bearer}` } });
        return stream.responseCode === 200
          ? "ok"
          : stream.filterState.get("gatehouse_reason")?.toString();
      };
      assert.equal(reason(token), "ok");
      assert.equal(reason(notSigned), "bad_format");
      assert.equal(reason(`${notSigned}AA`), "alg_unsupported");
      proxy.clock.advance(121_000);
      assert.equal(reason(token), "expired");
    });
  }
}
