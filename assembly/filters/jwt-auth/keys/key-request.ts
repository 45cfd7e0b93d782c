// The call for a key set, or for the document that says where it is. Host facts.
import { Bytes, EMPTY, equal, text, view } from "../../../lib/bytes";
import { CallHeader } from "../../../lib/config/call-header";
import { CallStart, startCall } from "../../../host/http-call";
import { Pairs } from "../../../host/pairs";
import { Address } from "./address";

const METHOD = text(":method");
const GET = text("GET");
const PATH = text(":path");
const AUTHORITY = text(":authority");
const SCHEME = text(":scheme");
const HTTP = text("http");
const HTTPS = text("https");
const ACCEPT = text("accept");
const ACCEPTED = text("application/json, application/jwk-set+json");
const USER_AGENT = text("user-agent");
/** Some servers refuse a request without one. */
const AGENT = text("gatehouse-jwt-auth");

const request = new Pairs();

/** Asks for `address` through `cluster`; `headers` replace ours of the same name. */
export function startKeyRequest(
  address: Address,
  cluster: Bytes,
  headers: CallHeader[],
  timeoutMillis: u32,
): CallStart {
  request.reset();
  request.add(METHOD, GET);
  request.add(PATH, view(address.path));
  request.add(AUTHORITY, view(address.authority));
  request.add(SCHEME, address.isSecure ? HTTPS : HTTP);
  if (!has(headers, ACCEPT)) request.add(ACCEPT, ACCEPTED);
  if (!has(headers, USER_AGENT)) request.add(USER_AGENT, AGENT);
  for (let i = 0; i < headers.length; i++) {
    request.add(view(headers[i].name), view(headers[i].value));
  }
  return startCall(cluster, request, EMPTY, timeoutMillis);
}

function has(headers: CallHeader[], name: Bytes): bool {
  for (let i = 0; i < headers.length; i++) {
    if (equal(view(headers[i].name), name)) return true;
  }
  return false;
}
