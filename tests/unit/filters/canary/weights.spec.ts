import { Config } from "../../../../assembly/filters/canary/config";
import { utf8 } from "../../../../assembly/lib/bytes";
import { ConfigErrors } from "../../../../assembly/lib/config/reader";

/** How many of 10,000 places each variant has, in the order of names; or why it is refused. */
function shares(members: string): string {
  const errors = new ConfigErrors();
  const config = Config.read(utf8('{"routes":[{"name":"r",' + members + "}]}"), errors);
  if (errors.any) return errors.first;
  const route = config.routes[0];
  const split = route.split;
  if (split === null) return "no split";
  const places: i32[] = [];
  for (let i = 0; i < route.variants.length; i++) places.push(0);
  for (let place = 0; place < 10_000; place++) places[split.variantAt(place)] += 1;
  return places.join(" ");
}

describe("weights of a split", () => {
  it("are normalised, whatever their sum", () => {
    expect(shares('"weights":{"a":9,"b":1}')).toBe("9000 1000");
    expect(shares('"weights":{"a":1,"b":1,"c":1}')).toBe("3334 3333 3333");
    expect(shares('"weights":{"a":990,"b":10}')).toBe("9900 100");
    expect(shares('"weights":{"a":0,"b":7}')).toBe("0 10000");
    expect(shares('"weights":{"a":1000000000,"b":1000000000}')).toBe("5000 5000");
    expect(shares('"weights":{"a":9999,"b":1}')).toBe("9999 1");
  });

  it("are never rounded to nothing", () => {
    expect(shares('"weights":{"a":1000000,"b":1}')).toBe(
      "/routes/0/weights/b: 1 of 1000001 is less than 0.01 %, which would be nothing; write a larger weight or 0",
    );
  });

  it("are refused where they say nothing, or beside percentages", () => {
    expect(shares('"weights":{"a":0,"b":0}')).toBe(
      "/routes/0/weights: all weights are 0; expected one above 0",
    );
    expect(shares('"weights":{"a":1},"split":{"a":100}')).toBe(
      "/routes/0/weights: expected only one of: split, weights",
    );
    expect(shares('"split":{"a":33.3,"b":66.6}')).toBe(
      "/routes/0/split: percentages add up to 99.90, expected 100; write weights for numbers of any sum",
    );
  });
});
