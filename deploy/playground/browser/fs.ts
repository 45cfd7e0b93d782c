// node:fs in the browser: files that live in memory. The worker puts the schemas, the modules and
// the user's two files here, so that the tool's own readers run unchanged.

const files = new Map<string, Uint8Array>();

export function put(path: string, content: string | Uint8Array): void {
  files.set(path, typeof content === "string" ? new TextEncoder().encode(content) : content);
}

export function remove(path: string): void {
  files.delete(path);
}

export function existsSync(path: string): boolean {
  return files.has(path);
}

export function readFileSync(path: string, encoding?: string): Buffer | string {
  const content = files.get(String(path));
  if (!content) throw new Error(`ENOENT: no such file, open '${path}'`);
  const bytes = Buffer.from(content);
  return encoding ? bytes.toString("utf8") : bytes;
}

export function statSync(path: string): { size: number; isDirectory(): boolean } {
  const content = files.get(path);
  if (!content) throw new Error(`ENOENT: no such file, stat '${path}'`);
  return { size: content.length, isDirectory: () => false };
}

/** There are no folders here. */
export function globSync(): string[] {
  return [];
}

export function writeFileSync(path: string): void {
  throw new Error(`EROFS: read-only file system, open '${path}'`);
}
