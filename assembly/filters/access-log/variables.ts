// Settings whose values are variables of the virtual machine (`vmConfig.env`): keys and credentials
// that not everybody who reads the plugin's configuration may see.
import { environmentVariable } from "../../host/environment";
import { view } from "../../lib/bytes";
import { ConfigErrors } from "../../lib/config/reader";
import { decimal } from "../../lib/writer";
import { Config } from "./config";
import { SECRET_BYTES_MIN } from "./select/sampling";

/** Fills in all of them, or says which one is missing or wrong. */
export function readVariables(config: Config, errors: ConfigErrors): void {
  readHashKey(config, errors);
  readSampleSecret(config, errors);
  for (let i = 0; i < config.sinks.length; i++) {
    const http = config.sinks[i].http;
    if (http === null) continue;
    for (let k = 0; k < http.headers.length; k++) {
      const header = http.headers[k];
      if (header.variable.length == 0) continue;
      const problem = header.use(environmentVariable(view(header.variable)));
      const at = "/sinks/" + decimal(i) + "/http/headers/" + decimal(k) + "/valueFromEnv";
      if (problem.length > 0) errors.add(at, problem);
    }
  }
}

function readHashKey(config: Config, errors: ConfigErrors): void {
  const name = view(config.redact.hashKeyVariable);
  if (config.redact.hashKeyVariable.length == 0) return;
  const value = environmentVariable(name);
  const problem = config.redact.keyProblem(value);
  if (problem.length > 0) errors.add("/redact/hashKeyFromEnv", problem);
  else config.redaction.useKey(value);
}

function readSampleSecret(config: Config, errors: ConfigErrors): void {
  const sampling = config.sampling;
  if (sampling.secretVariable.length == 0) return;
  if (sampling.useSecret(environmentVariable(view(sampling.secretVariable)))) return;
  const least = decimal(SECRET_BYTES_MIN);
  const problem = "the variable is missing or shorter than " + least + " characters";
  errors.add("/sample/secretFromEnv", problem);
}
