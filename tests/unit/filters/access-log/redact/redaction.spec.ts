import { Action } from "../../../../../assembly/filters/access-log/redact/action";
import { RedactConfig } from "../../../../../assembly/filters/access-log/redact/redact-config";
import { Redaction, Shape } from "../../../../../assembly/filters/access-log/redact/redaction";
import { NONE, toText, utf8, view } from "../../../../../assembly/lib/bytes";
import { config } from "../../../support/config";

const SECRET = "S3cr3tS3cr3t";

function redaction(settings: string = "{}"): Redaction {
  return new Redaction(RedactConfig.read(config('{"redact":' + settings + "}")));
}

const defaults = redaction();

function plain(value: string): string {
  const bytes = utf8(value);
  return toText(defaults.plain(view(bytes)));
}

describe("redaction of a text with URLs in it", () => {
  it("leaves what holds no secret byte for byte", () => {
    const texts = [
      "/",
      "/a/b?page=2&sort=name#top",
      "/a?&&x&=y&a=1;b=2",
      "https://example.com/a?b=c",
      "mail@example.com",
      "/a?redirect=https://example.com&mail=joe@example.com",
      "%zz %4",
      "",
    ];
    for (let i = 0; i < texts.length; i++) expect(plain(texts[i])).toBe(texts[i]);
    expect(defaults.plain(NONE)).toBe(NONE);
  });

  it("takes out the values of parameters with telling names, wherever the query stands", () => {
    expect(plain("/a?token=" + SECRET + "&page=2")).toBe("/a?token=***&page=2");
    expect(plain("/a?page=2&access_token=" + SECRET + "#f")).toBe("/a?page=2&access_token=***#f");
    expect(plain("/a#id_token=" + SECRET)).toBe("/a#id_token=***");
    expect(plain("see https://e.com/?API-Key=" + SECRET)).toBe("see https://e.com/?API-Key=***");
    expect(plain("/a?%74oken=" + SECRET)).toBe("/a?%74oken=***");
    expect(plain("/a?next=/b?token=" + SECRET)).toBe("/a?next=/b?token=***");
  });

  it("takes out users and passwords of every URL, and the parameters besides", () => {
    expect(plain("https://joe:" + SECRET + "@e.com/a")).toBe("https://***@e.com/a");
    expect(plain("https://joe:a&" + SECRET + "@e.com/a")).toBe("https://***@e.com/a");
    expect(plain("/x?token=" + SECRET + "&u=https://joe:pw@e.com")).toBe(
      "/x?token=***&u=https://***@e.com",
    );
    expect(plain("https://a:" + SECRET + "@b/ https://c:" + SECRET + "@d/")).toBe(
      "https://***@b/ https://***@d/",
    );
    expect(plain("https://a:" + SECRET + "@b/?token=" + SECRET)).toBe("https://***@b/?token=***");
    expect(plain("https://@e.com/")).toBe("https://@e.com/");
  });

  it("takes out an encoded URL with a secret in it, however often it is encoded", () => {
    expect(plain("/x?u=https%3A%2F%2Fe.com%3Ftoken%3D" + SECRET)).toBe("/x?u=***");
    expect(plain("/x?u=https%253A%252F%252Fe.com%253Ftoken%253D" + SECRET)).toBe("/x?u=***");
    expect(plain("/x?u=https%25253A%25252F%25252Fe.com%25253Ftoken%25253D" + SECRET)).toBe(
      "/x?u=***",
    );
    expect(plain("/x?u=https%3A%2F%2Fe.com%3Fpage%3D2")).toBe(
      "/x?u=https%3A%2F%2Fe.com%3Fpage%3D2",
    );
    expect(plain("/x?u=100%25")).toBe("/x?u=100%25");
  });

  it("takes out what looks like a token anywhere", () => {
    const token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJqb2UifQ.c2lnbmF0dXJl";
    expect(plain("/reset/" + token + "/x")).toBe("/reset/***/x");
    expect(plain("a " + token + " b " + token)).toBe("a *** b ***");
  });

  it("does as it is told when a parameter is to go altogether", () => {
    const drops = redaction('{"queryParams":[{"name":"q","action":"drop"}]}');
    const targets = ["/a?q=1", "/a?q=1&b=2", "/a?b=2&q=1", "/a?b=2&q=1&c=3", "/a?q=1#f"];
    const expected = ["/a", "/a?b=2", "/a?b=2", "/a?b=2&c=3", "/a#f"];
    for (let i = 0; i < targets.length; i++) {
      const bytes = utf8(targets[i]);
      expect(toText(drops.plain(view(bytes)))).toBe(expected[i], targets[i]);
    }
  });
});

const hashes = redaction(
  '{"patterns":[{"regex":"[0-9]+","action":"hash"}],"hashKey":"0123456789abcdef0123456789abcdef"}',
);

describe("patterns that hash", () => {
  it("give each match its own hash, the same for the same", () => {
    const bytes = utf8("a 12 b 12 c 13");
    const parts = toText(hashes.plain(view(bytes))).split(" ");
    expect(parts[1].startsWith("hmac:")).toBe(true);
    expect(parts[1]).toBe(parts[3]);
    expect(parts[1] == parts[5]).toBe(false);
  });

  it("are masked whole when a text would cost too much, and nothing of it is shown", () => {
    const costly = redaction('{"patterns":["a.{0,500}b"]}');
    const bytes = utf8("a".repeat(55_000) + SECRET);
    expect(toText(costly.plain(view(bytes)))).toBe("***");
    const short = utf8("a" + SECRET + "b c");
    expect(toText(costly.plain(view(short)))).toBe("*** c");
  });

  it("take what is behind very many matches for one", () => {
    const bytes = utf8("1 ".repeat(5_000) + "end");
    const shown = toText(hashes.plain(view(bytes)));
    expect(shown.includes("1 1")).toBe(false);
    expect(shown.includes("end")).toBe(false);
    expect(shown.split("hmac:").length).toBe(65);
    expect(shown.endsWith("***")).toBe(true);
  });
});

describe("redaction of headers", () => {
  it("shows no cookie's value, and all their names", () => {
    const value = utf8("session=" + SECRET + "; theme=dark;x");
    expect(toText(defaults.header(Action.Keep, Shape.Cookies, view(value)))).toBe(
      "session=***; theme=***; ***",
    );
    const set = utf8("session=" + SECRET + "; Path=/; HttpOnly");
    expect(toText(defaults.header(Action.Keep, Shape.SetCookie, view(set)))).toBe(
      "session=***; Path=/; HttpOnly",
    );
  });

  it("knows names that tell a credential, and lets others be", () => {
    const hidden = [
      "authorization",
      "proxy-authorization",
      "x-api-key",
      "x-amz-security-token",
      "x-auth-token",
    ];
    for (let i = 0; i < hidden.length; i++) {
      const name = utf8(hidden[i]);
      expect(defaults.ofHeader(view(name))).toBe(Action.Mask, hidden[i]);
    }
    const shown = ["user-agent", "x-request-id", "referer", ":path", "accept"];
    for (let i = 0; i < shown.length; i++) {
      const name = utf8(shown[i]);
      expect(defaults.ofHeader(view(name))).toBe(Action.Keep, shown[i]);
    }
  });

  it("hides names of keys, codes and tickets by rule, in headers and parameters", () => {
    const both = [
      "ocp-apim-subscription-key",
      "x-functions-key",
      "x-auth-key",
      "subscription-key",
      "subscriptionKey",
      "auth_key",
      "authkey",
      "api_key_2",
      "APIKey",
      "x-master-key",
      "sharedAccessKey",
      "hub_sig",
      "x-sig",
      "code_verifier",
      "oauth_verifier",
      "client_assertion",
      "device_code",
      "verification-code",
      "mfa_code",
      "x-ticket",
      "auth_ticket",
      "user_pwd",
      "card-pin",
      "login.otp",
      "x-auth",
      "basic_auth",
      "id-jwt",
      "x-session",
      "x-csrf",
      "SAMLart",
      "passcode",
      "db_creds",
      "user[password]",
      "auth[key]",
    ];
    for (let i = 0; i < both.length; i++) {
      const name = utf8(both[i]);
      expect(defaults.ofHeader(view(name))).toBe(Action.Mask, both[i]);
      expect(plain("/a?" + both[i] + "=" + SECRET)).toBe("/a?" + both[i] + "=***");
    }
    const params = ["key", "code", "ticket", "sig", "auth", "pass", "pin", "otp", "sid", "jwt"];
    for (let i = 0; i < params.length; i++) {
      expect(plain("/a?" + params[i] + "=" + SECRET)).toBe("/a?" + params[i] + "=***");
    }
  });

  it("shows ordinary fields whose names only resemble those", () => {
    const shown = [
      "idempotency-key",
      "x-cache-key",
      "surrogate-key",
      "sec-websocket-key",
      "sort_key",
      "sortKey",
      "partition-key",
      "public_key",
      "keyword",
      "keyboard",
      "monkey",
      "x-turkey",
      "country_code",
      "zip-code",
      "postcode",
      "promo_code",
      "status_code",
      "code_challenge",
      "language-code",
      "author",
      "authority",
      "auth_type",
      "design",
      "signal",
      "assigned",
      "ticket_id",
      "ticketing",
      "support_ticket",
      "passenger",
      "compass",
      "bypass",
      "spin",
      "shopping",
      "session_count",
      "pinned",
      "nonce",
      "state",
      "x-request-id",
    ];
    for (let i = 0; i < shown.length; i++) {
      const name = utf8(shown[i]);
      expect(defaults.ofHeader(view(name))).toBe(Action.Keep, shown[i]);
      const target = "/a?" + shown[i] + "=" + SECRET;
      expect(plain(target)).toBe(target);
    }
  });
});
