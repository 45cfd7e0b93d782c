// `gatehouse playground`: the page on a loopback address, with the files of the current folder.
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { ToolError } from "../../core/problem.ts";
import { servePlayground } from "../../playground/serve.ts";
import type { Answer, Output } from "../output.ts";

export interface PlaygroundFlags {
  folder: string;
  port: string;
}

const assets = join(import.meta.dirname, "../../../build/playground");

/** Serves until the process is asked to end. */
export async function playgroundCommand(out: Output, flags: PlaygroundFlags): Promise<Answer> {
  const port = Number(flags.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new ToolError("usage", `--port ${flags.port}: not a port; write a number up to 65535`);
  const folder = resolve(flags.folder);
  if (!existsSync(folder))
    throw new ToolError("input", `${flags.folder}: no such folder; name one that exists`);
  await buildAssets();
  const served = await servePlayground({ assets, folder, port });
  out.progress(`Playground: ${served.url}  (files of ${folder}; Ctrl-C ends it)`);
  await new Promise<void>((done) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => done());
  });
  await served.close();
  return { ok: true, text: "", data: { url: served.url } };
}

/** A checkout bundles the page each time, in a second; a released tool brings it along. */
async function buildAssets(): Promise<void> {
  const isCheckout = existsSync(join(assets, "../../node_modules/esbuild"));
  if (!isCheckout && existsSync(join(assets, "index.html"))) return;
  const { buildPlayground } = await import("../../playground/build.ts");
  await buildPlayground(assets);
}
