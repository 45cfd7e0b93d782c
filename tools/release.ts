// `node tools/release.ts`: everything that is released, from a clean clone of the commit, with
// checksums, provenance and signatures. RELEASE.md says when and how.
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { provenance } from "./release/provenance.ts";
import { sha256 } from "./release/sbom.ts";
import { releaseIn } from "./release/version.ts";

const root = join(import.meta.dirname, "..");

export interface ReleaseOptions {
  /** The checkout whose commit is released. */
  source?: string;
  out: string;
  /** Where the images will be, for the kustomize bases. */
  images?: string;
  /** The project's address; default: the remote `origin`. */
  repository?: string;
  builder?: string;
  /** The tag that is released, which must be the version's. */
  tag?: string;
  /** Installed packages to take in place of `npm ci`; they must be those of the lock file. */
  dependencies?: string;
}

/** Runs a command to its end; throws an error that holds what it said. */
function run(command: string, args: string[], cwd: string): string {
  return execFileSync(command, args, {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", "pipe", 2],
  }).trim();
}

/** Builds a release into `out`. Throws an error with the fix where something is not ready. */
export function release(options: ReleaseOptions): string[] {
  const { source = root, out } = options;
  const changed = run("git", ["status", "--porcelain"], source);
  if (changed)
    throw new Error(
      `the work tree has changes that no commit holds; commit or remove them:\n${changed}`,
    );
  const commit = run("git", ["rev-parse", "HEAD"], source);
  const work = mkdtempSync(join(tmpdir(), "gatehouse-release-"));
  try {
    const clone = join(work, "source");
    run("git", ["clone", "--quiet", "--no-hardlinks", source, clone], work);
    run("git", ["checkout", "--quiet", "--detach", commit], clone);
    const text = (file: string) => readFileSync(join(clone, file), "utf8");
    const { version } = releaseIn(text("CHANGELOG.md"), JSON.parse(text("package.json")).version);
    if (options.tag !== undefined && options.tag !== `v${version}`)
      throw new Error(`the tag ${options.tag} is not v${version}; tag the commit of that version`);
    install(clone, options.dependencies);
    rmSync(out, { recursive: true, force: true });
    mkdirSync(out, { recursive: true });
    const script = join(clone, "tools/release/artifacts.ts");
    const images = options.images ? [options.images] : [];
    run(nodeOf(clone), [script, resolve(out), ...images], clone);
    const artifacts = new Map(
      readdirSync(out).map((name) => [name, sha256(readFileSync(join(out, name)))]),
    );
    const sums = [...artifacts].sort().map(([name, sum]) => `${sum}  ${name}\n`);
    writeFileSync(join(out, "SHA256SUMS"), sums.join(""));
    const statement = provenance({
      version,
      repository: options.repository ?? origin(source),
      commit,
      builder: options.builder ?? "local",
      lockSha256: sha256(text("package-lock.json")),
      artifacts: new Map([...artifacts, ...imagesIn(readFileSync(join(out, "IMAGES"), "utf8"))]),
      materials: [],
    });
    writeFileSync(join(out, "provenance.intoto.json"), `${JSON.stringify(statement)}\n`);
    return readdirSync(out).sort();
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function install(clone: string, dependencies: string | undefined): void {
  if (dependencies) symlinkSync(dependencies, join(clone, "node_modules"));
  else run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], clone);
}

/** The Node of the lock file, whatever the machine has. */
function nodeOf(clone: string): string {
  const own = join(clone, "node_modules/.bin/node");
  return existsSync(own) ? own : process.execPath;
}

function origin(source: string): string {
  try {
    return run("git", ["remote", "get-url", "origin"], source);
  } catch {
    throw new Error(
      "the clone has no remote `origin`; name the project's address with --repository",
    );
  }
}

/** Images by their manifest's digest: what a registry and a cluster know them by. */
function imagesIn(list: string): [string, string][] {
  return list
    .split("\n")
    .filter(Boolean)
    .map((line) => {
      const [digest = "", name = ""] = line.split("  ");
      return [name, digest.replace("sha256:", "")];
    });
}

export interface SignOptions {
  out: string;
  cosign?: string;
  /** A private key; without one, keyless (an identity of the CI system). */
  key?: string;
  /** cosign's own: which services record the signature; an empty one for none. */
  signingConfig?: string;
}

/** Signs the checksums and the provenance with cosign. */
export function sign({ out, cosign = "cosign", key, signingConfig }: SignOptions): void {
  const common = [
    ...(key ? ["--key", resolve(key)] : []),
    ...(signingConfig ? ["--signing-config", resolve(signingConfig)] : []),
    "--yes",
  ];
  const bundle = (name: string) => ["--bundle", join(resolve(out), `${name}.sigstore.json`)];
  run(cosign, ["sign-blob", ...common, ...bundle("SHA256SUMS"), "SHA256SUMS"], out);
  const statement = ["--statement", "provenance.intoto.json"];
  run(cosign, ["attest-blob", ...common, ...bundle("provenance"), ...statement], out);
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      out: { type: "string", default: "build/release" },
      images: { type: "string" },
      repository: { type: "string" },
      builder: { type: "string" },
      tag: { type: "string" },
      key: { type: "string" },
      keyless: { type: "boolean" },
      cosign: { type: "string" },
      "signing-config": { type: "string" },
    },
  });
  try {
    const files = release(values);
    if (values.key || values.keyless) sign({ ...values, signingConfig: values["signing-config"] });
    else console.error("not signed: sign with --key FILE, or with --keyless in CI");
    console.log(files.map((file) => join(values.out, file)).join("\n"));
  } catch (error) {
    console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}
