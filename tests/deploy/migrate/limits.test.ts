// Local rate limits: what migrate makes of random forms, with the real module, against the model of the native filter.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../../../deploy/compare/random.ts";
import { FilterDecider } from "../../../deploy/compare/filters.ts";
import { compileLimits } from "../../../deploy/migrate/limits/compile.ts";
import { exchangeOf } from "../../../deploy/native/decider.ts";
import { Message } from "../../../deploy/native/envoy/message.ts";
import { factsOf } from "../../../deploy/native/rate-limit/action.ts";
import { Limiter } from "../../../deploy/native/rate-limit/limiter.ts";
import { readSettings } from "../../../deploy/native/rate-limit/settings.ts";
import { randomForm, randomRequests } from "../../support/rate-limit-forms.ts";

const counts = { same: 0, stricter: 0, weaker: 0 };
const stays = new Map<string, number>();
let migrated = 0;

test("random forms: nothing weaker", () => {
  for (let seed = 1; seed <= 400; seed++) {
    const { config } = randomForm(seed);
    const settings = readSettings(new Message(config, []));
    const made = compileLimits(settings, settings.rateLimits);
    if (typeof made === "string") {
      const why = made.replace(/\d+/g, "N").replace(/\(.*\)/, "");
      stays.set(why, (stays.get(why) ?? 0) + 1);
      continue;
    }
    migrated++;
    const limits = made.limits.map(({ of, ...limit }) => ({
      name: `${of}-${made.limits.findIndex((other) => other.of === of)}`,
      enforced: settings.enforced,
      ...limit,
    }));
    const filter = new FilterDecider({ "rate-limit": { charging: "inOrder", limits } });
    const limiter = new Limiter(settings);
    for (const [step, request] of randomRequests(new Random(seed), 60).entries()) {
      const verdict = limiter.decide(settings.rateLimits, factsOf(exchangeOf(request)), 0);
      if (!verdict.isSure) break;
      const decision: any = filter.decide(request);
      const passes: boolean = decision.refusal === undefined;
      const what: string = JSON.stringify({ seed, step, request, verdict, stricter: made.stricter });
      if (passes && !verdict.admitted) {
        assert.fail(`weaker ${what}\n${JSON.stringify({ config, limits }, null, 1)}`);
      }
      if (!passes && verdict.admitted) {
        if (made.stricter.length === 0)
          assert.fail(`silent ${what}\n${JSON.stringify({ config, limits }, null, 1)}`);
        counts.stricter++;
        break;
      }
      counts.same++;
    }
    filter.close();
  }
  console.log(migrated, counts, [...stays].sort((a, b) => b[1] - a[1]));
});
