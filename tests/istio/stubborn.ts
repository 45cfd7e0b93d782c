// For ending.test.ts: namespaces as the stack has them, with a process inside that ignores every
// signal it can. Its argument marks it.
import { spawn } from "node:child_process";
import { endWithOutside, runInside } from "./namespace.ts";

const [mark] = process.argv.slice(2);
if (process.pid === 1) {
  endWithOutside();
  const script = `trap "" TERM INT HUP QUIT PIPE; exec sleep ${mark}`;
  spawn("sh", ["-c", script], { detached: true, stdio: "ignore" });
  console.log("inside");
  setInterval(() => {}, 1_000);
} else {
  process.exitCode = await runInside(import.meta.filename, [mark!]);
}
