import { text, toText } from "../../../../../assembly/lib/bytes";
import { Writer } from "../../../../../assembly/lib/writer";
import {
  ListLocation,
  isListPrefix,
} from "../../../../../assembly/filters/jwt-auth/token/list-location";
import { FakeRequest } from "../../../support/request";

const PROTOCOL = text("sec-websocket-protocol");
const BEARER = new ListLocation(PROTOCOL, text("bearer, "));
const ENCODED = new ListLocation(PROTOCOL, text("base64url.bearer.authorization.k8s.io."));
const OTHER = new ListLocation(text("x-auth"), text("jwt, v1, t="));

function found(location: ListLocation, name: string, value: string): string {
  const tokens = location.tokens(new FakeRequest().with(name, value));
  const texts: string[] = [];
  for (let i = 0; i < tokens.count; i++) texts.push(toText(tokens.token(i)));
  return texts.join(" ");
}

function bearer(value: string): string {
  return found(BEARER, "sec-websocket-protocol", value);
}

function encoded(value: string): string {
  return found(ENCODED, "sec-websocket-protocol", value);
}

function stripped(location: ListLocation, value: string): string {
  return toText(location.strip(text(value), new Writer()));
}

describe("A token in a list", () => {
  it("is the element behind those of the prefix, however they are spaced", () => {
    expect(bearer("bearer, a.b.c")).toBe("a.b.c");
    expect(bearer("bearer,a.b.c")).toBe("a.b.c");
    expect(bearer("Bearer ,  a.b.c , chat")).toBe("a.b.c");
    expect(bearer("chat, bearer, a.b.c, v2")).toBe("a.b.c");
    expect(bearer("bearer, a.b.c, bearer, d.e.f")).toBe("a.b.c d.e.f");
  });

  it("is not there without the prefix, or with nothing behind it", () => {
    const others = [
      "",
      "bearer",
      "bearer,",
      "bearer, , chat",
      "a.b.c",
      "chat, a.b.c",
      "bearers, a.b.c",
    ];
    for (let i = 0; i < others.length; i++) expect(bearer(others[i])).toBe("", others[i]);
  });

  it("is in base64url where the prefix says so", () => {
    expect(encoded("base64url.bearer.authorization.k8s.io.YS5iLmM, chat")).toBe("a.b.c");
    expect(encoded("chat,base64url.bearer.authorization.k8s.io.YS5iLmM")).toBe("a.b.c");
    expect(encoded("base64url.bearer.authorization.k8s.io.")).toBe("");
    expect(encoded("base64url.bearer.authorization.k8s.io, YS5iLmM")).toBe("");
  });

  it("is one that is no good where it cannot be decoded: not a missing one", () => {
    expect(encoded("base64url.bearer.authorization.k8s.io.a.b.c")).toBe("a.b.c");
    expect(encoded("base64url.bearer.authorization.k8s.io.Y")).toBe("Y");
  });

  it("may come in several headers, each a list", () => {
    const request = new FakeRequest()
      .with("sec-websocket-protocol", "bearer, a.b.c")
      .with("sec-websocket-protocol", "chat, bearer, d.e.f");
    expect(BEARER.tokens(request).count).toBe(2);
  });

  it("may have several elements and a beginning of its own before it", () => {
    expect(found(OTHER, "x-auth", "jwt, v1, t=a.b.c")).toBe("a.b.c");
    expect(found(OTHER, "x-auth", "jwt, v2, t=a.b.c")).toBe("");
    expect(found(OTHER, "x-auth", "jwt, v1, a.b.c")).toBe("");
  });

  it("leaves a valid list when it is taken out", () => {
    expect(stripped(BEARER, "bearer, a.b.c")).toBe("bearer");
    expect(stripped(BEARER, "bearer, a.b.c, chat")).toBe("bearer, chat");
    expect(stripped(BEARER, "chat,bearer,a.b.c,,v2")).toBe("chat, bearer, v2");
    expect(stripped(BEARER, "chat,v2")).toBe("chat,v2");
    expect(stripped(ENCODED, "base64url.bearer.authorization.k8s.io.YS5iLmM, chat")).toBe("chat");
    expect(stripped(ENCODED, "base64url.bearer.authorization.k8s.io.YS5iLmM")).toBe("");
    expect(stripped(OTHER, "x, jwt, v1, t=a.b.c, y")).toBe("x, y");
  });

  it("is what a prefix with a comma or an encoding asks for", () => {
    expect(isListPrefix(text("bearer, "))).toBe(true);
    expect(isListPrefix(text("base64url.bearer.authorization.k8s.io."))).toBe(true);
    expect(isListPrefix(text("Bearer "))).toBe(false);
    expect(isListPrefix(text(""))).toBe(false);
  });
});
