// URLs as Go's net/url reads them (1.26): more is allowed than in a browser, and other things are
// refused.
import { addressOf } from "./ip.ts";

export interface GoUrl {
  scheme: string;
  /** The port's text; empty when there is none. */
  port: string;
}

/** url.Parse; undefined when it fails. */
export function parseUrl(text: string): GoUrl | undefined {
  const [body, fragment] = cut(text, "#");
  return isEscapedWell(fragment) ? parse(body, false) : undefined;
}

/** url.ParseRequestURI; undefined when it fails. */
export function parseRequestUri(text: string): GoUrl | undefined {
  return parse(text, true);
}

function cut(text: string, separator: string): [before: string, after: string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

function parse(text: string, isRequest: boolean): GoUrl | undefined {
  if (/[\0-\x1f\x7f]/.test(text) || (text === "" && isRequest)) return undefined;
  if (text === "*") return { scheme: "", port: "" };
  if (text.startsWith(":")) return undefined;
  const found = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(text)?.[1] ?? "";
  const scheme = found.toLowerCase();
  const [rest] = cut(found ? text.slice(found.length + 1) : text, "?");
  if (!rest.startsWith("/")) {
    // A path without a root is opaque after a scheme, and must not look like one before it.
    if (scheme) return { scheme, port: "" };
    return isRequest || cut(rest, "/")[0].includes(":") ? undefined : pathUrl(rest);
  }
  const hasAuthority =
    rest.startsWith("//") && (scheme !== "" || (!isRequest && !rest.startsWith("///")));
  if (!hasAuthority) return pathUrl(rest, scheme);
  const slash = rest.indexOf("/", 2);
  const authority = slash < 0 ? rest.slice(2) : rest.slice(2, slash);
  const port = portOfAuthority(scheme, authority);
  if (port === undefined || !isEscapedWell(slash < 0 ? "" : rest.slice(slash))) return undefined;
  return { scheme, port };
}

function pathUrl(path: string, scheme = ""): GoUrl | undefined {
  return isEscapedWell(path) ? { scheme, port: "" } : undefined;
}

function isEscapedWell(text: string): boolean {
  return !/%(?![0-9a-fA-F]{2})/.test(text);
}

/** The port of `user@host:port`; undefined when it is no authority. */
function portOfAuthority(scheme: string, authority: string): string | undefined {
  const at = authority.lastIndexOf("@");
  const user = at < 0 ? "" : authority.slice(0, at);
  if (!/^[A-Za-z0-9._:~!$&'()*+,;=%@-]*$/.test(user) || !isEscapedWell(user)) return undefined;
  return portOfHost(scheme, authority.slice(at + 1));
}

function portOfHost(scheme: string, host: string): string | undefined {
  const open = host.lastIndexOf("[");
  if (open > 0) return undefined;
  if (open === 0) {
    const close = host.lastIndexOf("]");
    const address = close < 0 ? undefined : addressOf(host.slice(1, close).replace("%25", "%"));
    return address?.bits === 128 ? portOf(host.slice(close + 1)) : undefined;
  }
  const first = host.indexOf(":");
  const colon = /^https?$/.test(scheme) ? first : host.lastIndexOf(":");
  if (!isHostText(host)) return undefined;
  return colon < 0 ? "" : portOf(host.slice(colon));
}

function portOf(text: string): string | undefined {
  return text === "" || /^:\d*$/.test(text) ? text.slice(1) : undefined;
}

/** In a host, only bytes above ASCII may be escaped, and few signs stand unescaped. */
function isHostText(host: string): boolean {
  return /^(?:[A-Za-z0-9_.~!$&'()*+,;=:[\]<>"-]|[^\0-\x7f]|%[89a-fA-F][0-9a-fA-F]|%25)*$/.test(
    host,
  );
}
