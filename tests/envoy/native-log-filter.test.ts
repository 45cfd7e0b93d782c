// The model of CEL filters against the real Envoy: which of its access loggers write a line for a
// request.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Random } from "../../deploy/compare/random.ts";
import { evaluate, parseCel } from "../../deploy/native/log/cel.ts";
import { bootstrap, listener } from "../../envoy/bootstrap.ts";
import type { Json } from "../../envoy/bootstrap.ts";
import { pinnedEnvoy } from "../../envoy/find.ts";
import { launchEnvoy } from "../../envoy/launch.ts";
import { closeConnections, send } from "../support/client.ts";
import { attributesOf, randomExchange, randomFilter } from "../support/log-filters.ts";

after(closeConnections);

/** Writes `line N of REQUEST` where its filter lets it. */
function logger(expression: string, number: number): Json {
  return {
    name: "envoy.access_loggers.stdout",
    filter: {
      extension_filter: {
        name: "cel",
        typed_config: {
          "@type":
            "type.googleapis.com/envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter",
          expression,
        },
      },
    },
    typed_config: {
      "@type": "type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog",
      log_format: {
        text_format_source: { inline_string: `line ${number} of %REQ(X-NUMBER)%.\n` },
      },
    },
  };
}

const answer = (status: number): Json => ({
  match: { prefix: "/", headers: [{ name: "x-status", string_match: { exact: String(status) } }] },
  direct_response: { status },
});

test("150 random CEL filters let Envoy write the lines that their model says", async () => {
  const filters = Array.from({ length: 150 }, (_, at) => randomFilter(new Random(at + 1)));
  const last = {
    ...logger("true", 0),
    filter: undefined,
    typed_config: {
      "@type": "type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog",
      log_format: { text_format_source: { inline_string: "end of %REQ(X-NUMBER)%.\n" } },
    },
  };
  const one = listener({
    routes: [200, 404, 503].map(answer),
    connectionManager: { access_log: [...filters.map(logger), last] },
  });
  const envoy = await launchEnvoy(bootstrap({ listeners: [one] }), {
    envoy: await pinnedEnvoy("newest"),
  });
  try {
    const random = new Random(7);
    for (let number = 1; number <= 60; number++) {
      const exchange = randomExchange(random);
      await send(envoy.port(), {
        method: exchange.method,
        path: exchange.path,
        authority: exchange.host,
        headers: {
          ...exchange.headers,
          "x-status": String(exchange.status),
          "x-number": String(number),
        },
      });
      await envoy.awaitLog(new RegExp(`end of ${number}\\.`));
      const lines = envoy.log().matchAll(new RegExp(`line (\\d+) of ${number}\\.`, "g"));
      const written = new Set([...lines].map(([, which]) => Number(which)));
      for (const [at, filter] of filters.entries()) {
        const expected = evaluate(parseCel(filter), attributesOf(exchange)) ?? false;
        assert.equal(written.has(at), expected, `${filter}\n${JSON.stringify(exchange)}`);
      }
    }
  } finally {
    await envoy.stop();
  }
});
