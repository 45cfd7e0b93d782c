import { text, toText, view } from "../../../../../assembly/lib/bytes";
import { Address } from "../../../../../assembly/filters/jwt-auth/keys/address";

function read(address: string): Address | null {
  const made = new Address();
  return made.read(text(address)) ? made : null;
}

function parts(address: string): string {
  const made = read(address);
  if (made === null) return "refused";
  return (
    toText(view(made.authority)) + " " + toText(view(made.path)) + " " + toText(view(made.cluster))
  );
}

describe("The address of keys", () => {
  it("is cut into what a call needs", () => {
    expect(parts("https://a.example.com/x/y?z=1")).toBe(
      "a.example.com /x/y?z=1 outbound|443||a.example.com",
    );
    expect(parts("http://a:8080")).toBe("a:8080 / outbound|8080||a");
    expect(parts("https://a?x")).toBe("a /?x outbound|443||a");
    expect(parts("http://[2001:db8::1]:81/")).toBe("[2001:db8::1]:81 / outbound|81||[2001:db8::1]");
    expect(parts("http://[2001:db8::1]/")).toBe("[2001:db8::1] / outbound|80||[2001:db8::1]");
  });

  it("is refused when it cannot be fetched, or could end a header line", () => {
    const bad = [
      "",
      "a.example.com",
      "ftp://a/",
      "https://",
      "https:///x",
      "https://:443/",
      "https://user@a/",
      "https://a/#x",
      "https://a:0/",
      "https://a:65536/",
      "https://a:99999999999/",
      "https://a:x/",
      "https://a /",
      "https://a/\r\nx: y",
      "https://é/",
    ];
    for (let i = 0; i < bad.length; i++) expect(parts(bad[i])).toBe("refused", bad[i]);
    expect(read("https://a/" + "x".repeat(2039)) === null).toBe(true);
  });

  it("knows another on the same server", () => {
    const one = <Address>read("https://A.example.com/x");
    expect(one.sameServer(<Address>read("https://a.example.com:443/y"))).toBe(true);
    expect(one.sameServer(<Address>read("http://a.example.com:443/y"))).toBe(false);
    expect(one.sameServer(<Address>read("https://b.example.com/x"))).toBe(false);
  });
});
