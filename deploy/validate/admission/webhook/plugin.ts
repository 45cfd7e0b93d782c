// WasmPlugin and TrafficExtension.
import { parseRequestUri, parseUrl } from "../go/url.ts";
import type { Field } from "./field.ts";
import { checkTargets } from "./selector.ts";
import { byteLength, checkPort } from "./values.ts";

const schemes = ["", "file", "http", "https", "oci"];
const secretNameBytesMax = 253;
const nameBytesMax = 256;
const codeBytesMax = 65_536;

export function checkWasmPlugin(spec: Field): void {
  checkTargets(spec);
  checkModule(spec);
  checkMatch(spec);
}

export function checkTrafficExtension(spec: Field): void {
  const wasm = spec.at("wasm");
  const lua = spec.at("lua");
  if (wasm.isSet === lua.isSet) spec.refuse("one of wasm and lua is needed", "set one of them");
  checkTargets(spec);
  const code = lua.at("inlineCode");
  if (lua.isSet && code.text === "") lua.refuse("inlineCode is missing", "set inlineCode");
  if (byteLength(code.text) > codeBytesMax) code.refuse("the code is larger than 64 KiB");
  if (wasm.isSet) checkModule(wasm);
  checkMatch(spec);
}

function checkModule(module: Field): void {
  const url = module.at("url");
  const parsed = urlOf(url.text);
  if (!parsed) url.refuse("is no URL", "write oci://HOST/IMAGE:TAG");
  else if (!schemes.includes(parsed.scheme))
    url.refuse(`Istio fetches nothing by ${parsed.scheme}`, "write oci, https, http or file");
  const digest = module.at("sha256");
  if (digest.text !== "" && !/^[a-f0-9]{64}$/.test(digest.text))
    digest.refuse("is no SHA-256", "write 64 digits in hexadecimal, in lower case");
  checkLength(module.at("imagePullSecret"), secretNameBytesMax);
  checkLength(module.at("pluginName"), nameBytesMax);
  checkVariables(module.at("vmConfig"));
}

/** A URL without a scheme is read as one of HTTP. */
function urlOf(text: string): { scheme: string } | undefined {
  if (text === "") return undefined;
  const whole = parseRequestUri(text) ? text : `http://${text}`;
  return parseUrl(whole) && parseRequestUri(whole);
}

function checkLength(field: Field, bytesMax: number): void {
  if (byteLength(field.text) > bytesMax) field.refuse(`has more than ${bytesMax} bytes`);
}

function checkVariables(vm: Field): void {
  const names = new Set<string>();
  for (const variable of vm.items("env")) {
    const name = variable.at("name");
    if (name.text === "") variable.refuse("the variable has no name", "set name");
    checkLength(name, nameBytesMax);
    if (names.has(name.text)) name.refuse(`"${name.text}" is here twice`);
    names.add(name.text);
    if (variable.at("valueFrom").text === "HOST" && variable.at("value").text !== "")
      variable.at("value").refuse("valueFrom is HOST", "remove one of them");
  }
}

function checkMatch(spec: Field): void {
  for (const match of spec.items("match"))
    for (const port of match.items("ports")) checkPort(port.at("number"));
}
