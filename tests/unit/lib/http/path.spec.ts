import { NONE, text, toText } from "../../../../assembly/lib/bytes";
import { isAmbiguousPath, normalizedPath } from "../../../../assembly/lib/http/path";
import { Writer } from "../../../../assembly/lib/writer";

function normal(path: string): string {
  return toText(normalizedPath(text(path), new Writer()));
}

describe("the one spelling of a path", () => {
  it("has no dot segments, repeated slashes, parameters and encoded letters", () => {
    const spellings = [
      "/admin/users",
      "//admin///users",
      "/./admin/./users",
      "/x/../admin/users",
      "/../admin/users",
      "/admin;v=1/users;a=b",
      "/%61dmin/%75sers",
      "/%61%64%6D%69%6e/users",
      "/x/%2e%2e/admin/users",
      "/x/%2E./admin/users",
      "/x/..;/admin/users",
      "\\admin\\users",
      "/admin\\users",
    ];
    for (let i = 1; i < spellings.length - 2; i++) {
      expect(normal(spellings[i])).toBe("/admin/users", spellings[i]);
    }
    expect(normal("/admin\\users")).toBe("/admin/users");
  });

  it("keeps the slash at the end", () => {
    expect(normal("/a/")).toBe("/a/");
    expect(normal("/a//")).toBe("/a/");
    expect(normal("/a/.")).toBe("/a/");
    expect(normal("/a/b/..")).toBe("/a/");
    expect(normal("/..")).toBe("/");
    expect(normal("/a/..")).toBe("/");
    expect(normal("/")).toBe("/");
  });

  it("keeps encoded slashes and other reserved bytes, in capital letters", () => {
    expect(normal("/a%2fb")).toBe("/a%2Fb");
    expect(normal("/a%2Fb")).toBe("/a%2Fb");
    expect(normal("/a%c3%a9")).toBe("/a%C3%A9");
    expect(normal("/100%")).toBe("/100%");
    expect(normal("/a%zz")).toBe("/a%zz");
    expect(normal("/...")).toBe("/...");
    expect(normal("/.well-known/x")).toBe("/.well-known/x");
  });

  it("leaves what is no path as it is", () => {
    expect(normal("*")).toBe("*");
    expect(normal("")).toBe("");
    expect(normalizedPath(NONE, new Writer())).toBe(NONE);
  });
});

describe("an ambiguous path", () => {
  it("is one that two servers may read differently", () => {
    const paths = [
      "/a%2fb",
      "/a%5Cb",
      "/a\\b",
      "/a//b",
      "//a",
      "/a;b",
      "/a%3bb",
      "/a/../b",
      "/a/./b",
      "/a/..",
      "/a/.",
      "/..;/b",
      "/%61dmin",
      "/a/%2e%2e/b",
      "/a%00",
      "/a%0d%0a",
      "/a%252fb",
      "/a%c0%afb",
    ];
    for (let i = 0; i < paths.length; i++) {
      expect(isAmbiguousPath(text(paths[i]))).toBe(true, paths[i]);
    }
  });

  it("is none that all servers read alike", () => {
    const paths = [
      "/",
      "/a/b",
      "/a/b/",
      "/a.b/c..d",
      "/...",
      "/100%25",
      "/%C3%A9",
      "/a%20b",
      "*",
      "",
    ];
    for (let i = 0; i < paths.length; i++) {
      expect(isAmbiguousPath(text(paths[i]))).toBe(false, paths[i]);
    }
    expect(isAmbiguousPath(NONE)).toBe(false);
  });
});
