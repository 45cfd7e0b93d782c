// Runs the tool as its users do: the command line, a settings file, a kubeconfig.
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse as parseYaml, stringify } from "yaml";
import { parse, type Resource } from "./cluster.ts";
import type { Stack } from "./stack.ts";
import { root } from "./world.ts";

export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

const checkout = { command: join(root, "deploy/cli/gatehouse.js"), folder: root };

/** `npx gatehouse …args`. Throws unless it ends with `expected`. */
export async function gatehouse(
  stack: Stack,
  args: string[],
  { expected = 0, input = "", tool = checkout } = {},
): Promise<Outcome> {
  const child = spawn(process.execPath, [tool.command, ...args], {
    cwd: tool.folder,
    stdio: ["pipe", "pipe", "pipe"],
    env: {
      PATH: process.env.PATH,
      // No logins of whoever runs the suite.
      HOME: stack.folder,
      DOCKER_CONFIG: stack.folder,
      KUBECONFIG: stack.cluster.kubeconfig,
    },
  });
  const outcome: Outcome = { code: 0, stdout: "", stderr: "" };
  child.stdout.on("data", (data) => (outcome.stdout += data));
  child.stderr.on("data", (data) => (outcome.stderr += data));
  child.stdin.end(input);
  outcome.code = await new Promise((done, fail) => {
    child.on("error", fail);
    child.on("close", (code) => done(code ?? -1));
  });
  if (outcome.code !== expected) {
    throw new Error(
      `gatehouse ${args.join(" ")} ended with ${outcome.code}:\n${outcome.stdout}${outcome.stderr}`,
    );
  }
  return outcome;
}

/**
 * A settings file of deploy/istio/gatehouse, for the stack's registry, and with `change` made to
 * it.
 */
export function policyFile(
  stack: Stack,
  path: string,
  change: (policy: any) => void = () => {},
): string {
  const policy = parseYaml(readFileSync(join(root, "deploy/istio/gatehouse", path), "utf8"));
  return writePolicy(stack, policy, change);
}

let written = 0;

/** Writes settings to a file of their own and gives its path. */
export function writePolicy(
  stack: Stack,
  policy: any,
  change: (policy: any) => void = () => {},
): string {
  policy.spec.image ??= {};
  policy.spec.image.repository = `${stack.registryHost}/gatehouse`;
  change(policy);
  const file = join(stack.folder, `${policy.metadata.name}-${written++}.yaml`);
  writeFileSync(file, stringify(policy));
  return file;
}

/** What `gatehouse render` makes of a settings file. */
export async function render(stack: Stack, file: string, ...flags: string[]): Promise<Resource[]> {
  return parse((await gatehouse(stack, ["render", "-f", file, ...flags])).stdout);
}
