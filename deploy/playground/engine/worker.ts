// The worker's side of the page: loads the modules once, then answers one call after the other.
// A mistake ends here as an error message, and what takes too long is ended by the page.
import { prepareRsa } from "../browser/crypto.ts";
import { loadFiles } from "./files.ts";
import type { Call, Engine, Reply } from "./protocol.ts";
import { remarksOf } from "./remarks.ts";

const say = (reply: Reply) => postMessage(reply);

// An RSA key takes longer than all modules together: only what speaks of one waits for it.
const rsa = prepareRsa();

// Calls that come before the modules do wait in this promise. The engine is imported after the
// files are there, since the tool reads its version and schemas when it is loaded.
const ready = (async (): Promise<Engine> => {
  await loadFiles(self.location.href);
  const { engine } = await import("./engine.ts");
  return engine;
})();

addEventListener("message", async ({ data }: MessageEvent<Call>) => {
  try {
    const engine = await ready;
    if (JSON.stringify(data.args).includes("RS256")) await rsa;
    const method = engine[data.method] as (...args: unknown[]) => unknown;
    say({ id: data.id, result: await method(...data.args) });
  } catch (error) {
    say({ id: data.id, error: (error as Error).message, remarks: remarksOf(error) });
  }
});

ready.then(
  () => say({ ready: true }),
  () => undefined,
);
