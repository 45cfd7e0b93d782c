// The import graph of the tree: which file names which, type-only imports too.
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

export const root = join(import.meta.dirname, "../..");
export const read = (file: string) => readFileSync(join(root, file), "utf8");

/** The files that a pattern finds, relative to the root, without what is installed or built. */
export function sources(pattern: string): string[] {
  return globSync(pattern, { cwd: root, exclude: ["**/node_modules/**", "build/**"] }).sort();
}

/**
 * What a file imports or exports from elsewhere: paths relative to the root, packages by name.
 * AssemblyScript's paths come without their extension, as they are written.
 */
export function importsOf(file: string): string[] {
  // A declaration that is exported has a parenthesis or `=` before its first text.
  const found = read(file).matchAll(
    /(?:^(?:import\s*|(?:import|export)\b[^"';=(]*?\bfrom\s*)|\bimport\(\s*)["']([^"']+)["']/gm,
  );
  return [...found].map(([, target]) =>
    target!.startsWith(".") ? relative(root, resolve(root, dirname(file), target!)) : target!,
  );
}

/** The file that an import means, if it is one of the tree. */
export function fileOf(target: string): string | undefined {
  return [target, `${target}.ts`, `${target}/index.ts`].find(
    (path) => /\.[jt]s$/.test(path) && existsSync(join(root, path)),
  );
}

/**
 * The circles of a graph, each as the sorted list of its files: the strongly connected parts with
 * more than one file, or with a file that imports itself (Tarjan 1972).
 */
export function circles(files: string[], targetsOf: (file: string) => string[]): string[][] {
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const open: string[] = [];
  const found: string[][] = [];
  const visit = (file: string): void => {
    order.set(file, order.size);
    lowest.set(file, order.get(file)!);
    open.push(file);
    const targets = targetsOf(file);
    for (const target of targets) {
      if (!order.has(target)) visit(target);
      if (open.includes(target)) lowest.set(file, Math.min(lowest.get(file)!, lowest.get(target)!));
    }
    if (lowest.get(file) !== order.get(file)) return;
    const part = open.splice(open.indexOf(file));
    if (part.length > 1 || targets.includes(file)) found.push(part.sort());
  };
  for (const file of files) if (!order.has(file)) visit(file);
  return found;
}
