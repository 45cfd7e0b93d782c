import { Template } from "../../../../../assembly/filters/access-log/format/command";
import { toText, utf8, view } from "../../../../../assembly/lib/bytes";

/** Literals in quotes, commands as name(arguments):length. */
function parsed(source: string): string {
  const bytes = utf8(source);
  const template = new Template(view(bytes));
  if (template.error.length > 0) return "error: " + template.error;
  return template.pieces
    .map<string>((piece) => {
      if (piece.isLiteral) return "'" + toText(piece.literal) + "'";
      const given = piece.hasArguments ? "(" + toText(piece.arguments) + ")" : "";
      return toText(piece.name) + given + (piece.length < 0 ? "" : ":" + piece.length.toString());
    })
    .join(" ");
}

describe("the operator language", () => {
  it("is literals and commands", () => {
    expect(parsed("")).toBe("");
    expect(parsed("plain")).toBe("'plain'");
    expect(parsed("%PROTOCOL%")).toBe("PROTOCOL");
    expect(parsed("a %REQ(X?Y):12% b %DURATION%")).toBe("'a ' REQ(X?Y):12 ' b ' DURATION");
    expect(parsed("%A%%B%")).toBe("A B");
  });

  it("has a percent sign", () => {
    expect(parsed("100%%")).toBe("'100%'");
    expect(parsed("%%%A%%%")).toBe("'%' A '%'");
  });

  it("takes arguments with percent signs and brackets in them up to the bracket that ends the command", () => {
    expect(parsed("%START_TIME(%Y/%m/%dT%H:%M:%S)%")).toBe("START_TIME(%Y/%m/%dT%H:%M:%S)");
    expect(parsed('%COALESCE({"a":"(b)"})% c')).toBe('COALESCE({"a":"(b)"}) \' c\'');
    expect(parsed("%A()%")).toBe("A()");
  });

  it("tells what is wrong, and where", () => {
    expect(parsed("a %")).toBe(
      "error: expected an operator behind `%`; a percent sign is `%%` (at byte 2)",
    );
    expect(parsed("%req(a)%")).toBe(
      "error: expected an operator behind `%`; a percent sign is `%%` (at byte 0)",
    );
    expect(parsed("ab %DURATION")).toBe(
      "error: `%DURATION` is not closed; expected `%` (at byte 3)",
    );
    expect(parsed("%REQ(A")).toBe("error: `%REQ(` is not closed; expected `)%` (at byte 0)");
    expect(parsed("%REQ(A)x%")).toBe("error: `%REQ(` is not closed; expected `)%` (at byte 0)");
    expect(parsed("%DURATION:x%")).toBe(
      "error: `%DURATION` has a bad length behind `:` (at byte 0)",
    );
    expect(parsed("%DURATION:99999999999%")).toBe(
      "error: `%DURATION` has a bad length behind `:` (at byte 0)",
    );
  });
});
