import { text } from "../../../assembly/lib/bytes";
import { Cidr, CidrStatus } from "../../../assembly/lib/cidr";
import { IpAddress } from "../../../assembly/lib/ip";

function within(network: string, address: string): bool {
  const cidr = new Cidr();
  const ip = new IpAddress();
  return cidr.parse(text(network)) == CidrStatus.Ok && ip.parse(text(address)) && cidr.contains(ip);
}

function status(network: string): i32 {
  return <i32>new Cidr().parse(text(network));
}

describe("networks", () => {
  it("contain their addresses", () => {
    expect(within("10.0.0.0/8", "10.255.1.2")).toBe(true);
    expect(within("10.0.0.0/8", "11.0.0.0")).toBe(false);
    expect(within("0.0.0.0/0", "8.8.8.8")).toBe(true);
    expect(within("192.0.2.1", "192.0.2.1")).toBe(true);
    expect(within("192.0.2.1/32", "192.0.2.2")).toBe(false);
    expect(within("2001:db8::/33", "2001:db8:7fff::1")).toBe(true);
    expect(within("2001:db8::/33", "2001:db8:8000::1")).toBe(false);
    expect(within("2001:db8::/65", "2001:db8::7fff:0:0:1")).toBe(true);
    expect(within("::/0", "2001:db8::")).toBe(true);
  });

  it("never mix the families, but for mapped addresses", () => {
    expect(within("::/0", "10.0.0.1")).toBe(false);
    expect(within("0.0.0.0/0", "::1")).toBe(false);
    expect(within("10.0.0.0/8", "::ffff:10.1.2.3")).toBe(true);
    expect(within("::ffff:10.0.0.0/104", "10.1.2.3")).toBe(true);
  });

  it("are refused with the reason", () => {
    expect(status("10.0.0.1/8")).toBe(<i32>CidrStatus.HostBitsSet);
    expect(status("2001:db8::1/64")).toBe(<i32>CidrStatus.HostBitsSet);
    expect(status("10.0.0.0/33")).toBe(<i32>CidrStatus.BadPrefix);
    expect(status("10.0.0.0/")).toBe(<i32>CidrStatus.BadPrefix);
    expect(status("10.0.0.0/08")).toBe(<i32>CidrStatus.BadPrefix);
    expect(status("::/129")).toBe(<i32>CidrStatus.BadPrefix);
    expect(status("::ffff:10.0.0.0/8")).toBe(<i32>CidrStatus.BadPrefix);
    expect(status("10.0.0/8")).toBe(<i32>CidrStatus.BadAddress);
    expect(status("example.com")).toBe(<i32>CidrStatus.BadAddress);
  });
});
