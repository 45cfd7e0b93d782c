// The demo's own servers: three variants of one service, and an issuer that signs tokens and
// serves its key set.
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from "jose";

async function listen(
  handler: RequestListener,
  port: number,
): Promise<{ server: Server; port: number }> {
  const server = createServer(handler);
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return { server, port: (server.address() as AddressInfo).port };
}

/** A service that says who it is and which headers reached it. */
export async function startVariant(
  name: string,
  port = 0,
): Promise<{ server: Server; port: number }> {
  return listen((request, response) => {
    response.setHeader("content-type", "application/json");
    response.end(
      `${JSON.stringify({ variant: name, path: request.url, headers: request.headers })}\n`,
    );
  }, port);
}

export interface TokenOptions {
  audience?: string;
  issuer?: string;
  subject?: string;
  /** Seconds from now until it expires; negative: it has expired. */
  expiresIn?: number;
  claims?: Record<string, unknown>;
  /** Sign with a key that is not in the key set, under its own `kid`. */
  unknownKey?: boolean;
}

/** An issuer with one RS256 key. */
export class Issuer {
  readonly url = "https://auth.example.com";
  private key!: CryptoKey;
  private strangerKey!: CryptoKey;
  private jwks = "";
  server!: Server;
  port = 0;
  /** How often the key set was fetched. */
  fetches = 0;

  static async start(fixedPort = 0): Promise<Issuer> {
    const issuer = new Issuer();
    const [own, stranger] = await Promise.all([generateKeyPair("RS256"), generateKeyPair("RS256")]);
    issuer.key = own.privateKey;
    issuer.strangerKey = stranger.privateKey;
    const jwk = await exportJWK(own.publicKey);
    issuer.jwks = JSON.stringify({ keys: [{ ...jwk, kid: "demo", alg: "RS256", use: "sig" }] });
    const { server, port } = await listen((request, response) => {
      issuer.fetches++;
      response.statusCode = request.url === "/.well-known/jwks.json" ? 200 : 404;
      response.setHeader("content-type", "application/json");
      response.end(response.statusCode === 200 ? issuer.jwks : "{}");
    }, fixedPort);
    issuer.server = server;
    issuer.port = port;
    return issuer;
  }

  /** A signed token; by default a good one for `product-api`, valid for an hour. */
  async token(options: TokenOptions = {}): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    return new SignJWT({ ...options.claims })
      .setProtectedHeader({
        alg: "RS256",
        kid: options.unknownKey ? "stranger" : "demo",
        typ: "JWT",
      })
      .setIssuer(options.issuer ?? this.url)
      .setAudience(options.audience ?? "product-api")
      .setSubject(options.subject ?? "alice")
      .setIssuedAt(now - 3600)
      .setExpirationTime(now + (options.expiresIn ?? 3600))
      .sign(options.unknownKey ? this.strangerKey : this.key);
  }
}
