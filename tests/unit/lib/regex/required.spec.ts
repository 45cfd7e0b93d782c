import { text, toText, view } from "../../../../assembly/lib/bytes";
import { compilePattern } from "../../../../assembly/lib/regex/pattern";
import { regexOf } from "../../support/regex";

function required(pattern: string, ignoreCase: bool = false): string {
  const program = compilePattern(text(pattern), ignoreCase).program;
  return program === null ? "refused" : toText(view(program.required));
}

describe("what a match has to hold", () => {
  it("is the longest run of characters that no operator makes optional", () => {
    expect(required(".*Mobile.*")).toBe("Mobile");
    expect(required("Mozilla/.*Firefox")).toBe("Mozilla/");
    expect(required("ab?cde")).toBe("cde");
    expect(required("a+bc*")).toBe("b");
    expect(required("api\\.example\\.com")).toBe("api.example.com");
    expect(required("^v[12]/users/[0-9]+$")).toBe("/users/");
  });

  it("is nothing where it could be something else", () => {
    expect(required("Mobile|Tablet")).toBe("");
    expect(required("(?i)mobile")).toBe("");
    expect(required("mobile", true)).toBe("");
    expect(required("(?:ab)*")).toBe("");
    expect(required("größe")).toBe("gr");
    expect(required("é")).toBe("");
    expect(required("")).toBe("");
  });

  it("does not decide alone", () => {
    const regex = regexOf("v[12]/users");
    expect(regex !== null && regex.matches(text("v2/users"))).toBe(true);
    expect(regex !== null && regex.matches(text("v3/users"))).toBe(false);
    expect(regex !== null && regex.matches(text("v2/user"))).toBe(false);
  });
});
