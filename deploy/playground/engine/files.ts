// The files that the tool finds in the worker: schemas, modules, and the page's texts.
import { moduleNames } from "../../core/catalog.ts";
import { put } from "../browser/fs.ts";

const root = "/gatehouse";

/** Fetches what lies beside the worker. Rejects with the name of what is missing. */
export async function loadFiles(base: string): Promise<void> {
  const fetched = async (name: string) => {
    const answer = await fetch(new URL(name, base));
    if (!answer.ok) throw new Error(`${name}: the server answers ${answer.status}`);
    return answer;
  };
  const texts = fetched("files.json").then((answer) => answer.json());
  const modules = moduleNames.map(async (name) => {
    const bytes = await (await fetched(`${name}.wasm`)).arrayBuffer();
    put(`${root}/build/${name}.wasm`, new Uint8Array(bytes));
  });
  for (const [path, text] of Object.entries((await texts) as Record<string, string>))
    put(`${root}/${path}`, text);
  await Promise.all(modules);
}
