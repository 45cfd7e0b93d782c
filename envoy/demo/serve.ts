// The demo's services alone, on the fixed ports that envoy/chain.yaml names: for an Envoy that is
// started by other means, such as envoy/docker-compose.yaml. Prints a token that is good for
// twelve hours.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { Json } from "../bootstrap.ts";
import { Issuer, startVariant } from "./services.ts";

const ISSUER_CLUSTER = "outbound|443||auth.example.com";

const { clusters } = parse(
  readFileSync(join(import.meta.dirname, "../chain.yaml"), "utf8"),
).static_resources;
for (const { name, load_assignment } of clusters as Json[]) {
  const { port_value: port } =
    load_assignment.endpoints[0].lb_endpoints[0].endpoint.address.socket_address;
  if (name !== ISSUER_CLUSTER) {
    await startVariant(name, port);
    console.log(`${name} on 127.0.0.1:${port}`);
    continue;
  }
  const issuer = await Issuer.start(port);
  console.log(
    `${issuer.url} on 127.0.0.1:${port}\n\nTOKEN=${await issuer.token({ expiresIn: 12 * 3600 })}\n`,
  );
}
