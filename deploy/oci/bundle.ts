// Sigstore bundles of signed in-toto statements, as `cosign sign`, `attest` and `attest-blob` write
// them, against a public key. Certificates (keyless) are cosign's own business.
import { createPublicKey, verify } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { ToolError, reasonOf } from "../core/problem.ts";
import { at, listOf, mapsOf, textAt } from "../core/value.ts";

export const bundleType = "application/vnd.dev.sigstore.bundle.v0.3+json";
/** What `cosign sign` says of an image. */
export const signaturePredicate = "https://sigstore.dev/cosign/sign/v1";
export const provenancePredicate = "https://slsa.dev/provenance/v1";

const payloadType = "application/vnd.in-toto+json";

export interface Statement {
  predicateType: string;
  /** SHA-256 of each subject, by name. */
  subjects: { name: string; sha256: string }[];
  predicate: unknown;
}

/** A public key as PEM. Throws `input` for anything else. */
export function publicKey(pem: string, file: string): KeyObject {
  try {
    if (/PRIVATE KEY/.test(pem)) throw new Error("it holds a private key");
    return createPublicKey(pem);
  } catch (error) {
    throw new ToolError(
      "input",
      `${file}: no public key (${reasonOf(error)}); name the cosign.pub of the release`,
      { cause: error },
    );
  }
}

/** The statement of a bundle, or why it counts for nothing. */
export function statementIn(
  bundle: unknown,
  key: KeyObject,
): { statement: Statement; problem?: undefined } | { problem: string } {
  const envelope = at(bundle, "dsseEnvelope");
  if (envelope === undefined) return { problem: "it holds no in-toto statement" };
  if (textAt(envelope, "payloadType") !== payloadType)
    return { problem: "its payload is no in-toto statement" };
  const payload = Buffer.from(textAt(envelope, "payload") ?? "", "base64");
  const signatures = mapsOf(at(envelope, "signatures")).map((one) => textAt(one, "sig") ?? "");
  const isSigned = signatures.some((signature) => isBy(key, payload, signature));
  if (!isSigned) return { problem: "it is not signed by this key" };
  const statement = parsed(payload);
  return statement ? { statement } : { problem: "its statement cannot be read" };
}

/** DSSE's pre-authentication encoding, version 1: what is signed. */
function isBy(key: KeyObject, payload: Buffer, signature: string): boolean {
  const head = `DSSEv1 ${payloadType.length} ${payloadType} ${payload.length} `;
  const signed = Buffer.concat([Buffer.from(head), payload]);
  const hash = key.asymmetricKeyType === "ed25519" ? null : "sha256";
  try {
    return verify(hash, signed, key, Buffer.from(signature, "base64"));
  } catch {
    // A key that cannot make such a signature.
    return false;
  }
}

function parsed(payload: Buffer): Statement | undefined {
  let value: unknown;
  try {
    value = JSON.parse(payload.toString("utf8"));
  } catch {
    return undefined;
  }
  const predicateType = textAt(value, "predicateType");
  if (predicateType === undefined) return undefined;
  const subjects = listOf(at(value, "subject")).flatMap((subject) => {
    const sha256 = textAt(subject, "digest", "sha256");
    return sha256 === undefined ? [] : [{ name: textAt(subject, "name") ?? "", sha256 }];
  });
  return { predicateType, subjects, predicate: at(value, "predicate") };
}
