import { isPresent, text, toText } from "../../../../assembly/lib/bytes";
import { Family } from "../../../../assembly/lib/ip";
import { FakeRequest } from "../../support/request";

describe("a request view", () => {
  it("knows the parts of the request line", () => {
    const request = new FakeRequest("POST", "/orders?id=7", "a.example");
    expect(toText(request.method())).toBe("POST");
    expect(toText(request.authority())).toBe("a.example");
    expect(toText(request.path())).toBe("/orders");
    expect(toText(request.query())).toBe("id=7");
  });

  it("joins duplicates as Envoy does, and shows each of them", () => {
    const request = new FakeRequest()
      .with("x-a", "1")
      .with("x-b", "0")
      .with("x-a", "2")
      .with("x-a", "");
    expect(toText(request.joinedHeader(text("x-a")))).toBe("1,2,");
    expect(toText(request.header(text("x-a")))).toBe("1");
    expect(toText(request.joinedHeader(text("x-b")))).toBe("0");
    expect(isPresent(request.joinedHeader(text("x-c")))).toBe(false);
  });

  it("asks the host only when asked, and once", () => {
    const request = new FakeRequest().from("10.1.2.3:567");
    request.path();
    expect(request.addressReads).toBe(0);
    expect(request.sourceIp().family == Family.V4).toBe(true);
    expect(toText(request.sourceAddress())).toBe("10.1.2.3:567");
    expect(request.addressReads).toBe(1);
    expect(isPresent(request.claims())).toBe(false);
    expect(isPresent(request.claims())).toBe(false);
    expect(request.claimReads).toBe(1);
    request.reset();
    request.sourceIp();
    expect(request.addressReads).toBe(2);
  });

  it("has no address where the proxy has none", () => {
    expect(new FakeRequest().sourceIp().family == Family.None).toBe(true);
    expect(new FakeRequest().from("/var/run/a.sock").sourceIp().family == Family.None).toBe(true);
  });
});
