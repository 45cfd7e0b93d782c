import { text, toText, utf8 } from "../../../../assembly/lib/bytes";
import { OwnHeaders } from "../../../../assembly/lib/http/own-headers";

const own = new OwnHeaders();
own.add(utf8("x-role"));
own.add(utf8("x-user-id"));
own.add(utf8("x_tenant"));
own.add(utf8("x-" + "long".repeat(20)));

describe("The headers that a filter sets", () => {
  it("have as aliases every spelling that becomes the same variable", () => {
    const aliases = ["x_role", "x.role", "x!role", "X-ROLE", "x~role", "x_user_id", "x-user_id"];
    for (let i = 0; i < aliases.length; i++) {
      expect(own.isAlias(text(aliases[i]))).toBe(true, aliases[i]);
    }
    expect(own.isAlias(text("x-tenant"))).toBe(true);
    expect(own.isAlias(text("x_" + "long".repeat(20)))).toBe(true);
  });

  it("are no aliases of themselves, and other headers are none", () => {
    const others = ["x-role", "x-user-id", "x_tenant", "xrole", "x-roles", "x-rule", "role", ""];
    for (let i = 0; i < others.length; i++) {
      expect(own.isAlias(text(others[i]))).toBe(false, others[i]);
    }
    expect(own.isAlias(text("y_" + "long".repeat(20)))).toBe(false);
  });

  it("may be two spellings of one variable, of which neither is an alias then", () => {
    const both = new OwnHeaders();
    both.add(utf8("x-role"));
    both.add(utf8("x_role"));
    expect(both.isAlias(text("x-role"))).toBe(false);
    expect(both.isAlias(text("x_role"))).toBe(false);
    expect(both.isAlias(text("x.role"))).toBe(true);
  });

  it("have one index each", () => {
    const names = new OwnHeaders();
    expect(names.add(utf8("a"))).toBe(0);
    expect(names.add(utf8("b"))).toBe(1);
    expect(names.add(utf8("a"))).toBe(0);
    expect(names.count).toBe(2);
    expect(toText(names.name(1))).toBe("b");
  });
});
