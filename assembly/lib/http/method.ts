// The request methods that IANA's registry of HTTP methods has. Methods are case-sensitive (RFC
// 9110 section 9.1), but some servers take `post` for POST, and many take one they do not know
// for GET.
import { Bytes, NONE, equal, equalIgnoreCase, text } from "../bytes";

/** The usual ones first. PRI is none that a request may have. */
const KNOWN: Bytes[] = [
  text("GET"),
  text("POST"),
  text("OPTIONS"),
  text("HEAD"),
  text("PUT"),
  text("DELETE"),
  text("PATCH"),
  text("CONNECT"),
  text("TRACE"),
  text("QUERY"),
  text("ACL"),
  text("BASELINE-CONTROL"),
  text("BIND"),
  text("CHECKIN"),
  text("CHECKOUT"),
  text("COPY"),
  text("LABEL"),
  text("LINK"),
  text("LOCK"),
  text("MERGE"),
  text("MKACTIVITY"),
  text("MKCALENDAR"),
  text("MKCOL"),
  text("MKREDIRECTREF"),
  text("MKWORKSPACE"),
  text("MOVE"),
  text("ORDERPATCH"),
  text("PROPFIND"),
  text("PROPPATCH"),
  text("REBIND"),
  text("REPORT"),
  text("SEARCH"),
  text("UNBIND"),
  text("UNCHECKOUT"),
  text("UNLINK"),
  text("UNLOCK"),
  text("UPDATE"),
  text("UPDATEREDIRECTREF"),
  text("VERSION-CONTROL"),
];

/** The registered method that this one is, in any case of letters; NONE: it is none. */
export function registeredMethod(method: Bytes): Bytes {
  for (let i = 0; i < KNOWN.length; i++) {
    if (equalIgnoreCase(method, unchecked(KNOWN[i]))) return unchecked(KNOWN[i]);
  }
  return NONE;
}

/** Whether every server knows this method by the same name; NONE is none. */
export function isKnownMethod(method: Bytes): bool {
  for (let i = 0; i < KNOWN.length; i++) {
    if (equal(method, unchecked(KNOWN[i]))) return true;
  }
  return false;
}
