import { text } from "../../../assembly/lib/bytes";
import { Family, IpAddress } from "../../../assembly/lib/ip";

function shown(source: string): string {
  const address = new IpAddress();
  if (!address.parse(text(source))) return "-";
  return address.family == Family.V4
    ? address.low.toString(16)
    : address.high.toString(16) + ":" + address.low.toString(16);
}

function withPort(source: string): string {
  const address = new IpAddress();
  if (!address.parseWithPort(text(source))) return "-";
  return (address.family == Family.V4 ? "4:" : "6:") + address.low.toString(16);
}

describe("IP addresses", () => {
  it("are read strictly (IPv4)", () => {
    expect(shown("192.0.2.1")).toBe("c0000201");
    expect(shown("0.0.0.0")).toBe("0");
    expect(shown("255.255.255.255")).toBe("ffffffff");
    const wrong = [
      "",
      "1.2.3",
      "1.2.3.4.5",
      "256.1.1.1",
      "01.2.3.4",
      "1..2.3",
      "1.2.3.4 ",
      "1.2.3.x",
      "0x1.2.3.4",
      ".",
    ];
    for (let i = 0; i < wrong.length; i++) expect(shown(wrong[i])).toBe("-", wrong[i]);
  });

  it("are read strictly (IPv6)", () => {
    expect(shown("2001:db8::1")).toBe("20010db800000000:1");
    expect(shown("::")).toBe("0:0");
    expect(shown("::1")).toBe("0:1");
    expect(shown("1::")).toBe("1000000000000:0");
    expect(shown("1:2:3:4:5:6:7:8")).toBe("1000200030004:5000600070008");
    expect(shown("1:2:3:4:5:6:7::")).toBe("1000200030004:5000600070000");
    expect(shown("::2:3:4:5:6:7:8")).toBe("200030004:5000600070008");
    expect(shown("64:ff9b::192.0.2.33")).toBe("64ff9b00000000:c0000221");
    expect(shown("1:2:3:4:5:6:1.2.3.4")).toBe("1000200030004:5000601020304");
    expect(shown("FE80::A")).toBe("fe80000000000000:a");
    const wrong = [
      ":",
      ":::",
      "1:",
      ":1",
      "1:2:3:4:5:6:7",
      "1:2:3:4:5:6:7:8:9",
      "1::2::3",
      "12345::",
      "g::",
      "::1%eth0",
      "1:2:3:4:5:6:7:1.2.3.4",
      "::1.2.3",
      "1:2:3:4:5:6:7:8::",
      "::1:2:3:4:5:6:7:8",
      "1.2.3.4::",
      "1:::2",
      "[::1]",
    ];
    for (let i = 0; i < wrong.length; i++) expect(shown(wrong[i])).toBe("-", wrong[i]);
  });

  it("are IPv4 when mapped into IPv6", () => {
    expect(shown("::ffff:192.0.2.1")).toBe("c0000201");
    expect(shown("::FFFF:c000:201")).toBe("c0000201");
    expect(shown("::fffe:c000:201")).toBe("0:fffec0000201");
  });

  it("come with a port from the proxy", () => {
    expect(withPort("1.2.3.4:567")).toBe("4:1020304");
    expect(withPort("1.2.3.4")).toBe("4:1020304");
    expect(withPort("[::1]:80")).toBe("6:1");
    expect(withPort("[::1]")).toBe("6:1");
    expect(withPort("::1")).toBe("6:1");
    expect(withPort("[::ffff:1.2.3.4]:80")).toBe("4:1020304");
    const wrong = [
      "1.2.3.4:",
      "1.2.3.4:x",
      "1.2.3.4:65536",
      "[::1",
      "[::1]80",
      "[::1]:",
      "[1.2.3.4]:80",
      "[]",
      "/a/b.sock",
      "",
    ];
    for (let i = 0; i < wrong.length; i++) expect(withPort(wrong[i])).toBe("-", wrong[i]);
  });

  it("can be cut down to a prefix", () => {
    const address = new IpAddress();
    address.parse(text("192.0.2.77"));
    address.mask(24, 64);
    expect(address.low).toBe(0xc0000200);
    address.mask(0, 64);
    expect(address.low).toBe(0);
    address.parse(text("2001:db8:1:2:3:4:5:6"));
    address.mask(24, 72);
    expect(address.low).toBe(0);
    expect(address.high).toBe(0x20010db800010002);
    address.mask(24, 48);
    expect(address.high).toBe(0x20010db800010000);
  });
});
