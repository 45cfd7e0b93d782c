// An HTTP route of a VirtualService.
import { checkCors } from "./cors.ts";
import { checkDestination, checkRouteDestinations } from "./destination.ts";
import { checkExpression, checkStringMatch, expressionProblem } from "./expression.ts";
import { checkFault, checkStatus } from "./fault.ts";
import type { Field } from "./field.ts";
import { checkGatewayNames, checkLabels, isDnsLabel } from "./names.ts";
import { checkRetries } from "./retries.ts";
import {
  byteLength,
  checkDuration,
  checkHeaderOperations,
  checkPercent,
  checkPort,
  isAuthority,
  isHeaderOrClaim,
} from "./values.ts";

const bodyBytesMax = 1024 * 1024;

export function checkHttpRoute(route: Field, isDelegate: boolean): void {
  checkConflicts(route, isDelegate);
  route.items("match").forEach(checkMatch);
  checkHeaderOperations(route);
  checkCors(route.at("corsPolicy"));
  checkFault(route.at("fault"));
  // The CRD has the old field under both of its names.
  for (const name of ["mirrorPercent", "mirror_percent"]) checkPercent(route.at(name));
  checkPercent(route.at("mirrorPercentage", "value"));
  checkDestination(route.at("mirror"));
  for (const mirror of route.items("mirrors")) {
    if (!mirror.has("destination")) mirror.refuse("destination is missing");
    checkDestination(mirror.at("destination"));
    checkPercent(mirror.at("percentage", "value"));
  }
  checkRedirect(route);
  checkDirectResponse(route.at("directResponse"));
  checkRetries(route.at("retries"));
  checkRewrite(route.at("rewrite"));
  checkAuthority(route);
  for (const destination of route.items("route")) checkHeaderOperations(destination);
  checkRouteDestinations(route);
  checkDuration(route.at("timeout"));
}

/** What cannot stand together in one route. */
function checkConflicts(route: Field, isDelegate: boolean): void {
  const delegate = route.at("delegate");
  const hasRoute = route.items("route").length > 0;
  if (!isDelegate && delegate.isSet) {
    for (const name of ["redirect", "route"])
      if (name === "route" ? hasRoute : route.has(name))
        route.at(name).refuse("delegate is set as well", "remove one of them");
    return;
  }
  if (delegate.isSet) delegate.refuse("a delegate cannot delegate", "remove delegate");
  const answer = route.firstSet("redirect", "directResponse");
  if (!answer && !hasRoute)
    route.refuse("the route leads nowhere", "set route, redirect, directResponse or delegate");
  if (answer) {
    const name = route.has("redirect") ? "redirect" : "directResponse";
    const others = ["fault", "rewrite", "directResponse"].filter((one) => one !== name);
    for (const other of [...(hasRoute ? ["route"] : []), ...others])
      if (route.has(other)) route.at(other).refuse(`${name} is set as well`, "remove one of them");
  }
  if (route.has("mirror") && route.items("mirrors").length > 0)
    route.at("mirrors").refuse("mirror is set as well", "remove one of them");
}

function checkMatch(match: Field): void {
  for (const [name, header] of match.entries("headers")) {
    checkMatchedName(header, name);
    checkStringMatch(header);
  }
  for (const [name, header] of match.entries("withoutHeaders")) {
    checkMatchedName(header, name);
    // Istio reads this one as "is there".
    if (header.at("regex").text !== "*") checkStringMatch(header);
  }
  checkExpression(match.at("uri"));
  for (const name of ["scheme", "method", "authority"]) checkStringMatch(match.at(name));
  for (const [, parameter] of match.entries("queryParams")) checkStringMatch(parameter);
  if (match.at("port").number !== 0) checkPort(match.at("port"));
  checkLabels(match, "sourceLabels");
  checkGatewayNames(match.items("gateways"));
  const namespace = match.at("sourceNamespace");
  if (namespace.text !== "" && !isDnsLabel(namespace.text))
    namespace.refuse(`"${namespace.text}" is no namespace`);
}

function checkMatchedName(field: Field, name: string): void {
  if (!isHeaderOrClaim(name)) field.refuse(`"${name}" is no name of a header`);
}

function checkRedirect(route: Field): void {
  const redirect = route.at("redirect");
  if (!redirect.isSet) return;
  const given = (name: string) => redirect.at(name).text !== "";
  if (given("uri") && given("prefixRewrite"))
    return redirect.at("prefixRewrite").refuse("uri is set as well", "remove one of them");
  const uris = route.items("match").map((match) => match.at("uri"));
  if (given("prefixRewrite") && uris.some((uri) => uri.isSet && !uri.has("prefix")))
    return redirect.at("prefixRewrite").refuse("a match has no prefix", "match on uri.prefix");
  const port = redirect.firstSet("port", "derivePort");
  if (!["uri", "prefixRewrite", "authority", "scheme"].some(given) && !port)
    return redirect.refuse("nothing is set", "set uri, authority, scheme or port");
  const code = redirect.at("redirectCode");
  if (code.number !== 0 && (code.number < 300 || code.number > 399))
    return code.refuse(`${code.number} is no redirect`, "write 300 to 399");
  if (!["", "http", "https"].includes(redirect.at("scheme").text))
    return redirect.at("scheme").refuse("is no scheme of HTTP", "write http or https");
  if (redirect.at("port").number > 0) checkPort(redirect.at("port"));
}

function checkDirectResponse(response: Field): void {
  if (!response.isSet) return;
  const { text } = response.at("body", "string");
  const bytes = response.at("body", "bytes").text;
  if (byteLength(text) > bodyBytesMax || (bytes.length * 3) / 4 > bodyBytesMax)
    response.at("body").refuse("the body is larger than 1 MiB");
  checkStatus(response.at("status"));
}

function checkRewrite(rewrite: Field): void {
  if (!rewrite.isSet) return;
  const uri = rewrite.at("uri").text;
  const expression = rewrite.at("uriRegexRewrite");
  if (uri !== "" && expression.isSet)
    return expression.refuse("uri is set as well", "remove one of them");
  if (uri === "" && !expression.isSet && rewrite.at("authority").text === "")
    return rewrite.refuse("nothing is set", "set uri, uriRegexRewrite or authority");
  if (!expression.isSet) return;
  const match = expression.at("match");
  if (match.text === "" || expression.at("rewrite").text === "")
    expression.refuse("match and rewrite belong together", "set both");
  else match.check(expressionProblem(match.text));
}

/** The authority may be changed in one place only. */
function checkAuthority(route: Field): void {
  const request = route.at("headers", "request");
  let isChanged = route.at("rewrite", "authority").text !== "";
  for (const [name, field] of [...request.entries("set"), ...request.entries("add")]) {
    if (!isAuthority(name)) continue;
    if (isChanged) field.refuse("the authority is changed twice", "keep one change");
    isChanged = isChanged || field.text !== "";
  }
}
