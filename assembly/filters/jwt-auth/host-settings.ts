// What of a configuration only the host can complete or allow: secrets from its environment, and
// ES512. Host facts.
import { utf8, view } from "../../lib/bytes";
import { ConfigErrors } from "../../lib/config/reader";
import { environmentVariable } from "../../host/environment";
import { Config } from "./config";
import { readSecret } from "./keys/secret";
import { Provider } from "./provider";
import { HostSignatures } from "./token/verifier";
import { decimal } from "../../lib/writer";

/** Completes `config`, or refuses it by `errors`. */
export function completeFromHost(
  config: Config,
  signatures: HostSignatures,
  errors: ConfigErrors,
): void {
  for (let i = 0; i < config.providers.length && !errors.any; i++) {
    const provider = config.providers[i];
    const pointer = "/providers/" + decimal(i);
    if (provider.secretVariable.length > 0) {
      const problem = readSecret(
        provider,
        environmentVariable(view(utf8(provider.secretVariable))),
      );
      if (problem.length > 0) errors.add(pointer + "/secretFromEnv", problem);
    }
    readHeaderVariables(provider, pointer + "/jwksHeaders/", errors);
    // P-521 is verified by the host alone: where it cannot, nobody must rely on it.
    if (provider.namesHostAlgorithm && !signatures.isThere()) {
      errors.add(pointer + "/algorithms", "expected no ES512: this host cannot verify it");
    }
  }
}

function readHeaderVariables(provider: Provider, pointer: string, errors: ConfigErrors): void {
  for (let i = 0; i < provider.keysHeaders.length; i++) {
    const header = provider.keysHeaders[i];
    if (header.variable.length == 0) continue;
    const problem = header.use(environmentVariable(view(header.variable)));
    if (problem.length > 0) errors.add(pointer + decimal(i) + "/valueFromEnv", problem);
  }
}
