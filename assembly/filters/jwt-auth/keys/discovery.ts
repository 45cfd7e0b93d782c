// The issuer's OpenID configuration (OpenID Connect Discovery 1.0, section 4.2): of all that it
// says only where the keys are is wanted, and only if it says so of the right issuer.
import { Bytes, NONE, equal, text } from "../../../lib/bytes";
import { JsonDocument } from "../../../lib/json/document";
import { Address } from "./address";

const DOCUMENT_BYTES_MAX = 256 * 1024;
const DOCUMENT_DEPTH_MAX = 16;
const ISSUER = text("issuer");
const JWKS_URI = text("jwks_uri");

export const enum DiscoveryStatus {
  Ok = 0,
  NotJson,
  /** Section 4.3: it must be exactly the issuer that was asked. */
  OtherIssuer,
  NoAddress,
  /** Keys for an issuer with https come with https. */
  Insecure,
}

/** Takes `jwks_uri` into `found`. `asked` is the address the document came from. */
export function readDiscovered(
  body: Bytes,
  issuer: Bytes,
  asked: Address,
  found: Address,
): DiscoveryStatus {
  const document = new JsonDocument();
  if (!document.parse(body, DOCUMENT_BYTES_MAX, DOCUMENT_DEPTH_MAX)) return DiscoveryStatus.NotJson;
  const named = document.text(document.find(0, ISSUER));
  if (named == NONE || !equal(named, issuer)) return DiscoveryStatus.OtherIssuer;
  const address = document.text(document.find(0, JWKS_URI));
  if (address == NONE || !found.read(address)) return DiscoveryStatus.NoAddress;
  return found.isSecure || !asked.isSecure ? DiscoveryStatus.Ok : DiscoveryStatus.Insecure;
}

/** For people. */
export function describeDiscovery(status: DiscoveryStatus): string {
  switch (status) {
    case DiscoveryStatus.NotJson:
      return "the OpenID configuration is no JSON";
    case DiscoveryStatus.OtherIssuer:
      return "the OpenID configuration is of another issuer";
    case DiscoveryStatus.NoAddress:
      return "the OpenID configuration has no usable jwks_uri";
    case DiscoveryStatus.Insecure:
      return "the OpenID configuration's jwks_uri is http where the issuer is https";
    default:
      return "the OpenID configuration is not usable";
  }
}
