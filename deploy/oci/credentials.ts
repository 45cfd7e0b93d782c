// Who we are to a registry: the environment, or docker's configuration file with its helpers.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { ToolError, reasonOf } from "../core/problem.ts";

export interface Credentials {
  username: string;
  password: string;
  /** An OAuth2 refresh token instead of a password (docker: `identitytoken`). */
  refreshToken?: string;
}

export type Environment = Record<string, string | undefined>;

/**
 * A credential helper that asks a keychain answers at once; one that waits for a browser never
 * will.
 */
const helperMillis = 20_000;

/**
 * The user a helper names when its secret is a refresh token (docker-credential-helpers'
 * protocol).
 */
const tokenUser = "<token>";

/**
 * Credentials for a registry host, or undefined for an anonymous push. Order:
 * GATEHOUSE_REGISTRY_USER and _PASSWORD, then the helper for this host, then the default helper,
 * then what the file holds. Throws `registry` when a helper fails.
 */
export async function credentialsFor(
  registry: string,
  environment: Environment = process.env,
): Promise<Credentials | undefined> {
  const { GATEHOUSE_REGISTRY_USER: username, GATEHOUSE_REGISTRY_PASSWORD: password } = environment;
  if (username && password) return { username, password };
  const config = readConfig(environment);
  if (!config) return undefined;
  for (const key of keysFor(registry)) {
    const helper = config.credHelpers?.[key];
    if (helper) return askHelper(helper, key, environment);
  }
  if (config.credsStore) {
    for (const key of keysFor(registry)) {
      const found = await askHelper(config.credsStore, key, environment);
      if (found) return found;
    }
  }
  for (const key of keysFor(registry)) {
    const found = fromEntry(config.auths?.[key]);
    if (found) return found;
  }
  return undefined;
}

/** The names under which tools have written a registry into the file. */
function keysFor(registry: string): string[] {
  const keys = [
    registry,
    `https://${registry}`,
    `https://${registry}/v1/`,
    `https://${registry}/v2/`,
    `http://${registry}`,
  ];
  return registry === "index.docker.io"
    ? ["https://index.docker.io/v1/", "docker.io", ...keys]
    : keys;
}

interface DockerConfig {
  auths?: Record<
    string,
    { auth?: string; username?: string; password?: string; identitytoken?: string }
  >;
  credHelpers?: Record<string, string>;
  credsStore?: string;
}

function readConfig(environment: Environment): DockerConfig | undefined {
  const folder = environment.DOCKER_CONFIG || join(environment.HOME || homedir(), ".docker");
  const files = [environment.REGISTRY_AUTH_FILE, join(folder, "config.json")].filter(
    (file) => file !== undefined,
  );
  const file = files.find((candidate) => existsSync(candidate));
  if (!file) return undefined;
  try {
    return JSON.parse(readFileSync(file, "utf8")) as DockerConfig;
  } catch (error) {
    throw new ToolError("input", `${file} is not valid JSON: ${reasonOf(error)}`, { cause: error });
  }
}

function fromEntry(
  entry: NonNullable<DockerConfig["auths"]>[string] | undefined,
): Credentials | undefined {
  if (!entry) return undefined;
  const decoded = entry.auth
    ? Buffer.from(entry.auth, "base64").toString("utf8").replace(/\0+$/, "")
    : "";
  const colon = decoded.indexOf(":");
  const username = colon >= 0 ? decoded.slice(0, colon) : (entry.username ?? "");
  const password = colon >= 0 ? decoded.slice(colon + 1) : (entry.password ?? "");
  if (entry.identitytoken) return { username, password: "", refreshToken: entry.identitytoken };
  return username || password ? { username, password } : undefined;
}

/** Runs `docker-credential-<name> get`. Undefined when it knows nothing of the host. */
function askHelper(
  helper: string,
  key: string,
  environment: Environment,
): Promise<Credentials | undefined> {
  const program = `docker-credential-${helper}`;
  const fail = (reason: string, cause?: unknown) =>
    new ToolError("registry", `${program}: ${reason}`, { cause });
  if (!/^[\w.-]+$/.test(helper)) throw fail("no name for a credential helper");
  return new Promise((resolve, reject) => {
    const child = spawn(program, ["get"], {
      env: environment as NodeJS.ProcessEnv,
      timeout: helperMillis,
    });
    let output = "";
    let complaint = "";
    child.stdout.on("data", (data) => (output += data));
    child.stderr.on("data", (data) => (complaint += data));
    child.on("error", (error) => reject(fail(`cannot be run: ${error.message}`, error)));
    child.on("close", (code, signal) => {
      if (signal) return reject(fail(`gave no answer within ${helperMillis / 1000} s`));
      if (code !== 0) {
        const text = (output + complaint).trim();
        return /not found|no credentials/i.test(text)
          ? resolve(undefined)
          : reject(fail(text || `exit code ${code}`));
      }
      try {
        const { Username: username = "", Secret: secret = "" } = JSON.parse(output);
        resolve(
          username === tokenUser
            ? { username: "", password: "", refreshToken: secret }
            : { username, password: secret },
        );
      } catch (error) {
        reject(fail("its answer is not JSON", error));
      }
    });
    // A helper that ended before it read its input breaks the pipe; its exit code tells why.
    child.stdin.on("error", () => undefined);
    child.stdin.end(key);
  });
}
