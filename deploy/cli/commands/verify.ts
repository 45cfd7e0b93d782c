// `gatehouse verify`: signature and provenance of images, or of what a policy runs in a cluster.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { bundlesOf } from "../../oci/attestations.ts";
import {
  provenancePredicate,
  publicKey,
  signaturePredicate,
  statementIn,
} from "../../oci/bundle.ts";
import type { Statement } from "../../oci/bundle.ts";
import { credentialsFor } from "../../oci/credentials.ts";
import { nameText, parseName } from "../../oci/name.ts";
import type { Name } from "../../oci/name.ts";
import { Registry } from "../../oci/registry.ts";
import { readHistory } from "../../kube/history.ts";
import { ownedBy } from "../../kube/plan.ts";
import { ToolError, reasonOf } from "../../core/problem.ts";
import { moduleIn, titleOf } from "../../core/resource.ts";
import { at, textAt } from "../../core/value.ts";
import type { Answer, Output } from "../output.ts";
import { clusterOf, subjectOf, timeoutOf } from "./cluster.ts";
import type { ClusterFlags } from "./cluster.ts";

export interface VerifyFlags extends ClusterFlags {
  policy?: string;
  key?: string;
  provenance?: string[];
  certificateIdentity?: string;
  certificateOidcIssuer?: string;
  plainHttp?: boolean;
}

/** A module that somebody runs, or will run. */
interface Subject {
  title: string;
  /** Undefined for a module that no digest pins. */
  digest?: string;
  /** Undefined for a module that comes from a web server: it has no registry to ask. */
  name?: Name;
}

interface Row {
  subject: string;
  ok: boolean;
  signature: string;
  provenance: string;
}

export async function verifyCommand(
  out: Output,
  images: string[],
  flags: VerifyFlags,
): Promise<Answer> {
  const given = images.map((image) => subjectOfImage(image, flags));
  const running = flags.policy ? await subjectsInCluster(out, flags.policy, flags) : [];
  const subjects = [...given, ...running];
  if (subjects.length === 0)
    throw new ToolError("usage", "nothing to verify; name images, or a policy with --policy");
  const rows: Row[] = [];
  for (const subject of subjects) rows.push(await rowOf(subject, flags));
  const text = rows.map(
    ({ subject, ok, signature, provenance }) =>
      `${ok ? "ok    " : "FAILED"}  ${subject}\n        signature: ${signature}\n        provenance: ${provenance}`,
  );
  return { ok: rows.every(({ ok }) => ok), text: text.join("\n"), data: { images: rows } };
}

const pinned = /@(sha256:[0-9a-f]{64})$/;

/** An image must be named by its digest: a tag may be another image tomorrow. */
function subjectOfImage(image: string, { plainHttp }: VerifyFlags): Subject {
  const digest = pinned.exec(image)?.[1];
  if (!digest)
    throw new ToolError(
      "usage",
      `${image}: a tag can be moved; name the digest, as gatehouse render writes it (…@sha256:…)`,
    );
  return { title: image, digest, name: parseName(image.replace(pinned, ""), plainHttp) };
}

async function subjectsInCluster(
  out: Output,
  policy: string,
  flags: VerifyFlags,
): Promise<Subject[]> {
  const subject = subjectOf(policy);
  const cluster = await clusterOf(out, flags);
  const live = await ownedBy(cluster, subject, await readHistory(cluster, subject));
  const modules = live.flatMap((resource): Subject[] => {
    const { url, sha256 } = moduleIn(resource);
    if (typeof url !== "string") return [];
    const title = `${titleOf(resource)} (${url})`;
    const digest = pinned.exec(url)?.[1] ?? (sha256 ? `sha256:${String(sha256)}` : undefined);
    const name = url.startsWith("oci://")
      ? parseName(url.replace(pinned, "").replace(/:[^:/]+$/, ""), flags.plainHttp)
      : undefined;
    return [{ title, digest, name }];
  });
  if (modules.length === 0)
    throw new ToolError(
      "usage",
      `policy ${policy} runs no module in this cluster; gatehouse list shows the policies there are`,
    );
  return modules;
}

async function rowOf(subject: Subject, flags: VerifyFlags): Promise<Row> {
  const { title, digest, name } = subject;
  if (!digest) {
    const problem = "no digest pins it; set image.digests, or render it again";
    return { subject: title, ok: false, signature: problem, provenance: problem };
  }
  if (flags.certificateIdentity || flags.certificateOidcIssuer)
    return keyless(subject, digest, flags);
  if (!flags.key)
    throw new ToolError(
      "usage",
      "no signer is named; give --key cosign.pub, or --certificate-identity and --certificate-oidc-issuer",
    );
  const key = publicKey(readText(flags.key), flags.key);
  const found = [
    ...(flags.provenance ?? []).map((file) => parsed(readText(file), file)),
    ...(name && !flags.provenance ? await bundlesIn(name, digest, flags) : []),
  ];
  const statements: Statement[] = [];
  const problems: string[] = [];
  for (const bundle of found) {
    const read = statementIn(bundle, key);
    if (read.problem !== undefined) problems.push(read.problem);
    else if (isAbout(read.statement, digest)) statements.push(read.statement);
    else problems.push("a statement is about other images");
  }
  const reasons = [...new Set(problems)].join("; ");
  const provenance = statements.find((one) => one.predicateType === provenancePredicate);
  // A signed statement that names the digest is a signature of it, too.
  const isSigned =
    provenance !== undefined || statements.some((one) => one.predicateType === signaturePredicate);
  return {
    subject: title,
    ok: isSigned && provenance !== undefined,
    signature: isSigned
      ? `by the key ${flags.key}`
      : `none (${reasons || "the registry has none"})`,
    provenance: provenance
      ? originText(provenance)
      : `none (${reasons || "the registry has none; name the release's file with --provenance"})`,
  };
}

function isAbout({ subjects }: Statement, digest: string): boolean {
  return subjects.some(({ sha256 }) => `sha256:${sha256}` === digest);
}

function originText({ predicate }: Statement): string {
  const builder = textAt(predicate, "runDetails", "builder", "id") ?? "unknown";
  const source = textAt(predicate, "buildDefinition", "resolvedDependencies", 0, "uri");
  const version = at(predicate, "buildDefinition", "externalParameters", "version");
  return `${version === undefined ? "" : `release ${String(version)}, `}built by ${builder} from ${source ?? "an unnamed source"}`;
}

async function bundlesIn(name: Name, digest: string, flags: VerifyFlags): Promise<unknown[]> {
  const credentials = await credentialsFor(name.registry);
  const timeoutMillis = timeoutOf(flags);
  const registry = new Registry(name, { credentials, timeoutMillis, isReadOnly: true });
  return bundlesOf(registry, digest);
}

/** Certificates, their log and the trust root are cosign's: it is run for them. */
function keyless({ title, name }: Subject, digest: string, flags: VerifyFlags): Row {
  const { certificateIdentity, certificateOidcIssuer } = flags;
  if (!certificateIdentity || !certificateOidcIssuer)
    throw new ToolError(
      "usage",
      "a keyless signature has two names; give --certificate-identity and --certificate-oidc-issuer",
    );
  if (!name) {
    const problem = "only images in a registry have one; use --key with --provenance";
    return { subject: title, ok: false, signature: problem, provenance: problem };
  }
  const identity = [
    "--certificate-identity",
    certificateIdentity,
    "--certificate-oidc-issuer",
    certificateOidcIssuer,
    ...(name.plainHttp ? ["--allow-http-registry"] : []),
  ];
  const image = nameText(name, digest);
  const ask = (...args: string[]) => {
    const { error, status, stderr } = spawnSync("cosign", [...args, ...identity, image], {
      encoding: "utf8",
      timeout: timeoutOf(flags),
    });
    if (error && "code" in error && error.code === "ENOENT")
      throw new ToolError("missing", "cosign is not installed; install it, or verify with --key");
    if (error) throw new ToolError("registry", `cosign: ${reasonOf(error)}; try again`);
    return status === 0 ? `by ${certificateIdentity}` : `none (${lastLine(stderr)})`;
  };
  const signature = ask("verify");
  const provenance = ask("verify-attestation", "--type", "slsaprovenance1");
  const ok = [signature, provenance].every((one) => one.startsWith("by "));
  return { subject: title, ok, signature, provenance };
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1)?.slice(0, 300) ?? "";
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new ToolError("input", `cannot read ${file}: ${reasonOf(error)}`, { cause: error });
  }
}

function parsed(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ToolError("input", `${file}: no JSON; name the release's provenance.sigstore.json`, {
      cause: error,
    });
  }
}
