import { NONE, text, toText, utf8, view } from "../../../../assembly/lib/bytes";
import { ConfigErrors, readConfig } from "../../../../assembly/lib/config/reader";
import { CorsSettings, isPreflight } from "../../../../assembly/lib/http/cors";
import { FakeRequest } from "../../support/request";

function preflight(method: string = "OPTIONS"): FakeRequest {
  return new FakeRequest(method)
    .with("origin", "https://shop.example")
    .with("access-control-request-method", "PUT");
}

function read(json: string, errors: ConfigErrors = new ConfigErrors()): CorsSettings | null {
  return CorsSettings.read(readConfig(utf8(json), errors), "retry-after");
}

function allows(cors: CorsSettings | null, origin: string): bool {
  return cors !== null && cors.allows(text(origin));
}

describe("a preflight", () => {
  it("is an OPTIONS request with an origin and the method that is to come", () => {
    expect(isPreflight(preflight())).toBe(true);
    expect(isPreflight(preflight("GET"))).toBe(false);
    expect(isPreflight(preflight("options"))).toBe(false);
    expect(isPreflight(new FakeRequest("OPTIONS").with("origin", "https://a.example"))).toBe(false);
    const noOrigin = new FakeRequest("OPTIONS").with("access-control-request-method", "PUT");
    expect(isPreflight(noOrigin)).toBe(false);
    const emptyOrigin = new FakeRequest("OPTIONS")
      .with("origin", "")
      .with("access-control-request-method", "PUT");
    expect(isPreflight(emptyOrigin)).toBe(false);
  });

  it("has no body", () => {
    const request = preflight();
    request.hasBody = true;
    expect(isPreflight(request)).toBe(false);
  });
});

describe("CORS settings", () => {
  it("allow the origins that meet one of their conditions", () => {
    const cors = read(
      '{"cors":{"allowOrigins":[{"exact":"https://a.example"},{"suffix":".b.example"}]}}',
    );
    expect(allows(cors, "https://a.example")).toBe(true);
    expect(allows(cors, "https://x.b.example")).toBe(true);
    expect(allows(cors, "https://a.example.evil")).toBe(false);
    expect(allows(cors, "")).toBe(false);
    expect(cors !== null && cors.allows(NONE)).toBe(false);
  });

  it("allow no origin that is longer than origins are, whatever the condition", () => {
    const cors = read('{"cors":{"allowOrigins":[{"regex":".*a.{300}b?a*"},{"prefix":"a"}]}}');
    expect(allows(cors, "a".repeat(513))).toBe(false);
    expect(allows(cors, "a")).toBe(true);
  });

  it("expose what is exposed by default, or the names that they list, in lower case", () => {
    const standard = read('{"cors":{"allowOrigins":[{"exact":"a"}]}}');
    expect(standard === null ? "" : toText(view(standard.exposed))).toBe("retry-after");
    const own = read('{"cors":{"allowOrigins":[{"exact":"a"}],"exposeHeaders":["X-A","x-b"]}}');
    expect(own === null ? "" : toText(view(own.exposed))).toBe("x-a, x-b");
  });

  it("need an origin", () => {
    expect(read("{}") === null).toBe(true);
    const errors = new ConfigErrors();
    read('{"cors":{"allowOrigins":[]}}', errors);
    expect(errors.first).toBe("/cors/allowOrigins: expected at least one origin");
  });
});
