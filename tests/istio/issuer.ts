// The issuer of deploy/istio/gatehouse: https://auth.example.com with a key set, and the tokens
// it signs.
import { generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import { createServer, type Server } from "node:https";
import type { Socket } from "node:net";
import type { Certificate } from "../support/certificate.ts";

export const issuerName = "https://auth.example.com";

export class Issuer {
  readonly #server: Server;
  #keys: { kid: string; privateKey: KeyObject; jwk: object }[] = [];
  /** How often the key set was asked for. */
  fetches = 0;
  /** Answers 500 while true. */
  failing = false;

  private constructor({ certificate, key }: Certificate) {
    this.rotate("first");
    this.#server = createServer({ cert: certificate, key }, (incoming, response) => {
      incoming.resume();
      if (incoming.url !== "/.well-known/jwks.json" || this.failing) {
        response.statusCode = this.failing ? 500 : 404;
        return response.end();
      }
      this.fetches++;
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ keys: this.#keys.map(({ jwk }) => jwk) }));
    });
    this.#server.on("connection", (socket) => (socket as Socket).unref());
  }

  static async start(address: string, certificate: Certificate, port = 443): Promise<Issuer> {
    const issuer = new Issuer(certificate);
    await new Promise<void>((done) => issuer.#server.listen(port, address, done));
    issuer.#server.unref();
    return issuer;
  }

  /** Signs with a new key from now on; the old ones stay in the set. */
  rotate(kid: string): void {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const jwk = { ...publicKey.export({ format: "jwk" }), kid, alg: "ES256", use: "sig" };
    this.#keys.push({ kid, privateKey, jwk });
  }

  /** The key set, as it would be fetched. */
  get jwks(): { keys: object[] } {
    return { keys: this.#keys.map(({ jwk }) => jwk) };
  }

  /** A token of one hour for product-api; `claims` come on top. */
  token(claims: Record<string, unknown> = {}): string {
    const { kid, privateKey } = this.#keys.at(-1)!;
    const now = Math.floor(Date.now() / 1000);
    const payload = {
      iss: issuerName,
      aud: "product-api",
      sub: "alice",
      iat: now,
      exp: now + 3600,
      ...claims,
    };
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const text = `${encode({ alg: "ES256", kid, typ: "JWT" })}.${encode(payload)}`;
    const signature = sign("sha256", Buffer.from(text), {
      key: privateKey,
      dsaEncoding: "ieee-p1363",
    });
    return `${text}.${signature.toString("base64url")}`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
