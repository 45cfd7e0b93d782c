#!/usr/bin/env node
// The command of the installed package. Plain JavaScript that any Node reads, so that an old one
// gets a message instead of a syntax error.
import module from "node:module";
import process from "node:process";

const [major, minor] = process.versions.node.split(".").map(Number);
if (major > 22 || (major === 22 && minor >= 19)) {
  module.enableCompileCache?.();
  const { run } = await import("../deploy/cli/main.js");
  process.exitCode = await run(process.argv.slice(2));
} else {
  console.error(
    `error: Node ${process.versions.node} is too old; allowed: 22.19 or newer; install one`,
  );
  process.exitCode = 3;
}
