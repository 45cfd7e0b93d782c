import { NONE, text, toText } from "../../../../assembly/lib/bytes";
import { normalizedAuthority } from "../../../../assembly/lib/http/authority";
import { Writer } from "../../../../assembly/lib/writer";

function normal(authority: string): string {
  return toText(normalizedAuthority(text(authority), new Writer()));
}

describe("the one spelling of an authority", () => {
  it("has no capital letters, no trailing dot and no port of http or https", () => {
    const spellings = [
      "shop.example",
      "SHOP.example",
      "Shop.Example.",
      "shop.example..",
      "shop.example:80",
      "shop.example:443",
      "shop.example.:443",
      "SHOP.EXAMPLE.:0443",
      "shop.example:",
    ];
    for (let i = 0; i < spellings.length; i++) {
      expect(normal(spellings[i])).toBe("shop.example", spellings[i]);
    }
  });

  it("keeps any other port, without leading zeros", () => {
    expect(normal("Shop.example.:8080")).toBe("shop.example:8080");
    expect(normal("shop.example:08080")).toBe("shop.example:8080");
    expect(normal("shop.example:8443")).toBe("shop.example:8443");
    expect(normal("shop.example:8080")).toBe("shop.example:8080");
  });

  it("keeps the colons of an IPv6 address", () => {
    expect(normal("[2001:DB8::1]:443")).toBe("[2001:db8::1]");
    expect(normal("[::1]")).toBe("[::1]");
    expect(normal("[::1]:8080")).toBe("[::1]:8080");
    expect(normal("[::80]")).toBe("[::80]");
  });

  it("keeps what is no port, and is defined for every text", () => {
    expect(normal("shop:x")).toBe("shop:x");
    expect(normal("shop:99999")).toBe("shop:99999");
    expect(normal("")).toBe("");
    expect(normal(":")).toBe("");
    expect(normal(".")).toBe("");
    expect(normalizedAuthority(NONE, new Writer())).toBe(NONE);
  });
});
