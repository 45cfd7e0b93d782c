import { NONE, text, toText } from "../../../../assembly/lib/bytes";
import { CookieValues, NamedValues, ParamValues } from "../../../../assembly/lib/http/named-values";
import { FakeRequest } from "../../support/request";

function value(values: NamedValues, index: i32, request: FakeRequest): string {
  const found = values.valueAt(index, request);
  return found == NONE ? "none" : toText(found);
}

describe("cookies by name", () => {
  it("are the first of each name over all headers", () => {
    const cookies = new CookieValues();
    const a = cookies.indexOf(text("a"));
    const b = cookies.indexOf(text("b"));
    expect(cookies.indexOf(text("a"))).toBe(a);
    const request = new FakeRequest()
      .with("cookie", "x=1; a=2; a=3; =5; b")
      .with("cookie", 'b="4"; a=5');
    expect(value(cookies, a, request)).toBe("2");
    expect(value(cookies, b, request)).toBe("4");
  });

  it("tell the last of several values when they differ", () => {
    const cookies = new CookieValues();
    const a = cookies.watch(text("a"));
    const b = cookies.watch(text("b"));
    const request = new FakeRequest()
      .with("cookie", "a=1; b=2; a=1; b=3")
      .with("cookie", "a=1; b=2");
    expect(value(cookies, a, request)).toBe("1");
    expect(cookies.otherAt(a, request) == NONE).toBe(true);
    expect(value(cookies, b, request)).toBe("2");
    expect(toText(cookies.otherAt(b, request))).toBe("2");
    const params = new ParamValues();
    const q = params.watch(text("q"));
    const twice = new FakeRequest("GET", "/?q=a%20b&x=1&%71=c%20d");
    expect(value(params, q, twice)).toBe("a b");
    expect(toText(params.otherAt(q, twice))).toBe("c d");
    expect(params.otherAt(q, new FakeRequest("GET", "/?q=1")) == NONE).toBe(true);
  });

  it("are read anew for each request, also when the object is used again", () => {
    const cookies = new CookieValues();
    const a = cookies.indexOf(text("a"));
    const request = new FakeRequest().with("cookie", "a=1");
    expect(value(cookies, a, request)).toBe("1");
    expect(value(cookies, a, new FakeRequest())).toBe("none");
    expect(value(cookies, a, new FakeRequest().with("cookie", "a=2"))).toBe("2");
    request.with("x", "y").reset();
    expect(value(cookies, a, request)).toBe("1");
  });

  it("are found among hundreds of names", () => {
    const cookies = new CookieValues();
    const request = new FakeRequest();
    for (let i = 0; i < 300; i++) {
      cookies.indexOf(text("name-" + i.toString()));
      if (i % 2 == 0) request.with("cookie", "name-" + i.toString() + "=" + i.toString());
    }
    let wrong = 0;
    for (let i = 0; i < 300; i++) {
      const index = cookies.indexOf(text("name-" + i.toString()));
      if (value(cookies, index, request) != (i % 2 == 0 ? i.toString() : "none")) wrong++;
    }
    expect(wrong).toBe(0);
  });
});

describe("query parameters by name", () => {
  it("are the first of each decoded name, decoded", () => {
    const params = new ParamValues();
    const q = params.indexOf(text("q"));
    const long = params.indexOf(text("a b"));
    const none = params.indexOf(text("none"));
    const request = new FakeRequest("GET", "/?x=1&%71=a%20b&q=2&a%20b=%63&=3");
    expect(value(params, q, request)).toBe("a b");
    expect(value(params, long, request)).toBe("c");
    expect(value(params, none, request)).toBe("none");
    expect(value(params, q, new FakeRequest("GET", "/"))).toBe("none");
    expect(value(params, q, new FakeRequest("GET", "/?q"))).toBe("");
  });

  it("keep their values when many are decoded", () => {
    const params = new ParamValues();
    let target = "/?";
    for (let i = 0; i < 100; i++) {
      params.indexOf(text("p" + i.toString()));
      target += "p" + i.toString() + "=%61-" + "x".repeat(50) + i.toString() + "&";
    }
    const request = new FakeRequest("GET", target);
    let wrong = 0;
    for (let i = 0; i < 100; i++) {
      if (value(params, i, request) != "a-" + "x".repeat(50) + i.toString()) wrong++;
    }
    expect(wrong).toBe(0);
  });
});
