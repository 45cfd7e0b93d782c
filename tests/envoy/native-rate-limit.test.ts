// The model of local_ratelimit against the real one: the same settings, the same requests, one
// decision after the other.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Random } from "../../deploy/compare/random.ts";
import { factsOf } from "../../deploy/native/rate-limit/action.ts";
import { Limiter } from "../../deploy/native/rate-limit/limiter.ts";
import { readSettings } from "../../deploy/native/rate-limit/settings.ts";
import { Message } from "../../deploy/native/envoy/message.ts";
import { exchangeOf } from "../../deploy/native/decider.ts";
import type { NativeRequest } from "../../deploy/native/types.ts";
import { bootstrap, directResponse, listener, nativeFilter } from "../../envoy/bootstrap.ts";
import { pinnedEnvoy } from "../../envoy/find.ts";
import { launchEnvoy } from "../../envoy/launch.ts";
import type { RunningEnvoy } from "../../envoy/launch.ts";
import { closeConnections, send } from "../support/client.ts";
import { randomForm, randomRequests } from "../support/rate-limit-forms.ts";
import type { Form } from "../support/rate-limit-forms.ts";

after(closeConnections);

/** One Envoy with a listener for each of the forms. */
function started(forms: readonly Form[]): Promise<RunningEnvoy> {
  const listeners = forms.map(({ config }, at) =>
    listener({
      name: `form-${at}`,
      filters: [
        nativeFilter(
          "envoy.filters.http.local_ratelimit",
          "local_ratelimit.v3.LocalRateLimit",
          config,
        ),
      ],
      routes: [directResponse(200, "ok")],
      trustedHops: 1,
    }),
  );
  return pinnedEnvoy("newest").then((envoy) => launchEnvoy(bootstrap({ listeners }), { envoy }));
}

function sent(request: NativeRequest) {
  const headers = [...request.headers, ["x-forwarded-for", request.source.remote] as const];
  return {
    method: request.method,
    path: request.path,
    authority: request.host,
    headers: headers.map(([name, value]): [string, string] => [name, value]),
  };
}

test("300 random forms of local_ratelimit decide 40 requests each as their model says", async () => {
  const forms = Array.from({ length: 300 }, (_, at) => randomForm(at + 1));
  const envoy = await started(forms);
  const seen = { admitted: 0, refused: 0, unsure: 0 };
  try {
    for (const [at, form] of forms.entries()) {
      const settings = readSettings(new Message(form.config, []));
      const limiter = new Limiter(settings);
      for (const [step, request] of randomRequests(new Random(form.seed), 40).entries()) {
        const facts = factsOf(exchangeOf(request));
        const decision = limiter.decide(settings.rateLimits, facts, 0);
        const got = await send(envoy.port(`form-${at}`), sent(request));
        // From there on, nothing is known of the buckets.
        if (!decision.isSure) {
          seen.unsure++;
          break;
        }
        const expected = decision.admitted ? 200 : settings.status;
        const what = `form ${form.seed}, request ${step}: ${JSON.stringify({ request, decision })}`;
        assert.equal(got.status, expected, `${what}\n${JSON.stringify(form.config, null, 1)}`);
        seen[decision.admitted ? "admitted" : "refused"]++;
      }
    }
  } finally {
    await envoy.stop();
  }
  assert.ok(seen.refused > 1000 && seen.admitted > 2000, JSON.stringify(seen));
  assert.ok(seen.unsure < 60, JSON.stringify(seen));
});
