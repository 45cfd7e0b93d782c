import { text, toText } from "../../../../../assembly/lib/bytes";
import { Writer } from "../../../../../assembly/lib/writer";
import {
  FoundTokens,
  TOKENS_MAX,
} from "../../../../../assembly/filters/jwt-auth/token/found-tokens";
import {
  EnvoyLocation,
  Location,
  Place,
} from "../../../../../assembly/filters/jwt-auth/token/location";
import { TokenPlaces } from "../../../../../assembly/filters/jwt-auth/token/token-places";
import { FakeRequest } from "../../../support/request";

const BEARER = new Location(Place.Header, text("authorization"), text("Bearer "));
const PLAIN = new Location(Place.Header, text("x-token"));
const PREFIXED = new Location(Place.Header, text("x-token"), text("jwt:"));
const PARAM = new Location(Place.Parameter, text("t"));
const COOKIE = new Location(Place.Cookie, text("c"));

const places = new TokenPlaces();

function tokensOf(location: Location, request: FakeRequest): FoundTokens {
  places.add(location);
  return location.tokens(request);
}

function found(location: Location, request: FakeRequest): string {
  const tokens = tokensOf(location, request);
  const texts: string[] = [];
  for (let i = 0; i < tokens.count; i++) texts.push(toText(tokens.token(i)));
  return texts.join(" ");
}

function authorization(value: string): string {
  return found(BEARER, new FakeRequest().with("authorization", value));
}

function stripped(location: Location, value: string): string {
  return toText(location.strip(text(value), new Writer()));
}

describe("A place for tokens", () => {
  it("is a scheme in any case, among others", () => {
    expect(authorization("Bearer a.b.c")).toBe("a.b.c");
    expect(authorization("bEaReR   a.b.c  ")).toBe("a.b.c");
    expect(authorization("Basic x, Bearer a.b.c, Bearer d.e.f")).toBe("a.b.c d.e.f");
    expect(authorization("Bearera.b.c")).toBe("");
    expect(authorization("Bearer")).toBe("");
    expect(authorization("Bearer ")).toBe("");
    expect(authorization("x Bearer a.b.c")).toBe("");
  });

  it("is a header with or without a prefix, in all its instances", () => {
    const request = new FakeRequest().with("x-token", "a").with("x-token", "jwt:b");
    expect(found(PLAIN, request)).toBe("a jwt:b");
    expect(found(PREFIXED, request)).toBe("b");
    expect(found(PREFIXED, new FakeRequest().with("x-token", "JWT:b"))).toBe("");
  });

  it("is a parameter, decoded, each time that it comes", () => {
    expect(found(PARAM, new FakeRequest("GET", "/?a=1&t=x%2ey&t=z&T=no"))).toBe("x.y z");
    expect(found(PARAM, new FakeRequest("GET", "/?t=&t"))).toBe("");
    expect(found(PARAM, new FakeRequest("GET", "/t=x"))).toBe("");
  });

  it("is a cookie, in all headers", () => {
    const request = new FakeRequest().with("cookie", "a=1; c=x").with("cookie", "c=y; d");
    expect(found(COOKIE, request)).toBe("x y");
    expect(found(COOKIE, new FakeRequest().with("cookie", "cc=x; =c; c"))).toBe("");
  });

  it("holds no more tokens than are looked at", () => {
    const tokens = tokensOf(PARAM, new FakeRequest("GET", "/?" + "t=x&".repeat(TOKENS_MAX + 1)));
    expect(tokens.count).toBe(TOKENS_MAX);
    expect(tokens.overflow).toBe(true);
  });

  it("looks at a bounded number of elements", () => {
    const many = new FakeRequest().with("authorization", ",".repeat(300) + "Bearer a.b.c");
    expect(tokensOf(BEARER, many).overflow).toBe(true);
    expect(authorization(",".repeat(200) + "Bearer a.b.c")).toBe("a.b.c");
  });

  it("shares what it finds with equal places, and with those of another search alone the values", () => {
    const shared = new TokenPlaces();
    const first = new Location(Place.Cookie, text("c"));
    const second = new Location(Place.Cookie, text("c"));
    const other = new Location(Place.Cookie, text("d"));
    const envoy = new EnvoyLocation(Place.Cookie, text("c"));
    const all: Location[] = [first, second, other, envoy];
    for (let i = 0; i < all.length; i++) shared.add(all[i]);
    const request = new FakeRequest().with("cookie", "c=x; d=z; c=y");
    expect(first.tokens(request) === second.tokens(request)).toBe(true);
    expect(first.tokens(request).count).toBe(2);
    expect(toText(other.tokens(request).token(0))).toBe("z");
    expect(envoy.tokens(request).count).toBe(1);
    expect(first.tokens(new FakeRequest()).count).toBe(0);
    const header = new Location(Place.Header, text("x"), text("a "));
    const asEnvoyHeader = new EnvoyLocation(Place.Header, text("x"), text("a "));
    shared.add(header);
    shared.add(asEnvoyHeader);
    const line = new FakeRequest().with("x", "A t");
    expect(header.tokens(line).count).toBe(1);
    expect(asEnvoyHeader.tokens(line).count).toBe(0);
  });

  it("gives back what is left when its tokens are taken out", () => {
    expect(stripped(BEARER, "Basic x, Bearer a.b.c , Digest y")).toBe("Basic x, Digest y");
    expect(stripped(BEARER, "Bearer a.b.c")).toBe("");
    expect(stripped(COOKIE, "a=1; c=x; b=2")).toBe("a=1; b=2");
    expect(stripped(PARAM, "/p?a=1&t=x&b=%20#f")).toBe("/p?a=1&b=%20#f");
    const untouched = text("Basic x");
    expect(BEARER.strip(untouched, new Writer())).toBe(untouched);
  });
});

const BEARER_AS_ENVOY = new EnvoyLocation(Place.Header, text("authorization"), text("Bearer "));
const COMMA_AS_ENVOY = new EnvoyLocation(Place.Header, text("x-token"), text("a,b "));
const PLAIN_AS_ENVOY = new EnvoyLocation(Place.Header, text("x-token"));
const PARAM_AS_ENVOY = new EnvoyLocation(Place.Parameter, text("t"));
const COOKIE_AS_ENVOY = new EnvoyLocation(Place.Cookie, text("c"));

function asEnvoy(value: string): string {
  return found(BEARER_AS_ENVOY, new FakeRequest().with("authorization", value));
}

describe("A place for tokens as Envoy looks at it", () => {
  it("has the prefix anywhere in its own case, and takes all that follows", () => {
    expect(asEnvoy("Bearer a.b.c")).toBe("a.b.c");
    expect(asEnvoy("bearer a.b.c")).toBe("");
    expect(asEnvoy("xBearer a.b.c")).toBe("a.b.c");
    expect(asEnvoy("Bearer  a.b.c tail")).toBe("a.b.c tail");
    expect(asEnvoy("Bearer a.b.c,Bearer d.e.f")).toBe("a.b.c,Bearer d.e.f");
    expect(asEnvoy("Bearer !")).toBe("Bearer !");
  });

  it("has a comma in the prefix", () => {
    expect(found(COMMA_AS_ENVOY, new FakeRequest().with("x-token", "a,b t"))).toBe("t");
  });

  it("counts an empty value, and every value of a header by itself", () => {
    const request = new FakeRequest().with("x-token", "").with("x-token", "t");
    expect(found(PLAIN_AS_ENVOY, request)).toBe(" t");
  });

  it("takes the first of a parameter and of a cookie, also an empty one", () => {
    expect(found(PARAM_AS_ENVOY, new FakeRequest("GET", "/?t=a%2Eb&t=c"))).toBe("a.b");
    expect(tokensOf(PARAM_AS_ENVOY, new FakeRequest("GET", "/?t&t=c")).count).toBe(1);
    const cookies = new FakeRequest().with("cookie", "c=x; c=y").with("cookie", "c=z");
    expect(found(COOKIE_AS_ENVOY, cookies)).toBe("x");
  });
});
