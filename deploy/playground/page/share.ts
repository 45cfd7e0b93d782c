// The page's state in the fragment of its address: compressed, and never sent to a server.

export interface Shared {
  settings: string;
  cases: string;
  manifests?: string;
  form?: object;
}

/** Browsers and chats cut longer addresses. */
const FRAGMENT_MAX = 64 * 1024;
/** What a fragment may unpack to: a link cannot fill the memory of who opens it. */
const UNPACKED_MAX = 4 * 1024 * 1024;

/** The fragment for this state. Throws when it would be too long for an address. */
export async function fragmentOf(state: Shared): Promise<string> {
  const text = new TextEncoder().encode(JSON.stringify(state));
  const packed = await through(text, new CompressionStream("deflate-raw"), UNPACKED_MAX);
  const encoded = btoa(packed.reduce((all, byte) => all + String.fromCharCode(byte), ""));
  const fragment = encoded.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  if (fragment.length > FRAGMENT_MAX)
    throw new Error("the files are too large for a link; download them and send the files");
  return `#v1=${fragment}`;
}

/** The state of a fragment; undefined where there is none. Throws when it is damaged. */
export async function stateOf(fragment: string): Promise<Shared | undefined> {
  const found = /^#v1=([\w-]+)$/.exec(fragment);
  if (!found) return undefined;
  try {
    const binary = atob(found[1]!.replaceAll("-", "+").replaceAll("_", "/"));
    const packed = Uint8Array.from(binary, (char) => char.charCodeAt(0));
    const bytes = await through(packed, new DecompressionStream("deflate-raw"), UNPACKED_MAX);
    const state = JSON.parse(new TextDecoder().decode(bytes)) as Shared;
    if (typeof state.settings !== "string" || typeof state.cases !== "string")
      throw new Error("no settings in it");
    return state;
  } catch (error) {
    throw new Error(`this link is damaged: ${(error as Error).message || "it does not unpack"}`);
  }
}

async function through(
  bytes: Uint8Array,
  transform: CompressionStream | DecompressionStream,
  limit: number,
): Promise<Uint8Array> {
  const source = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream();
  const reader = (source.pipeThrough(transform) as ReadableStream<Uint8Array>).getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    parts.push(read.value);
    length += read.value.length;
    if (length > limit) throw new Error("it is too large");
  }
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
