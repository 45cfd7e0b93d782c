// A self-signed certificate for one host name, because Node can check X.509 but not write it (RFC
// 5280 section 4.1).
import { type KeyObject, createPublicKey, generateKeyPairSync, sign } from "node:crypto";

export interface Certificate {
  /** PEM */
  certificate: string;
  /** PEM */
  key: string;
}

const newKey = () => generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;

/** Tags of GeneralName (RFC 5280 section 4.2.1.6). */
const dnsTag = 0x82;
const uriTag = 0x86;

/**
 * Valid from an hour ago for a week; signed by `privateKey`, an EC or RSA key. `uris` are names
 * beside the host's.
 */
export function selfSigned(
  host: string,
  privateKey: KeyObject = newKey(),
  uris: string[] = [],
): Certificate {
  const name = sequence(set(sequence(oid([2, 5, 4, 3]), tlv(0x0c, Buffer.from(host)))));
  const names = [tlv(dnsTag, Buffer.from(host)), ...uris.map(uriName)];
  return certificateOf(name, names, privateKey);
}

/** A workload's: its name is a URI, and it has no subject, as Istio's have none. */
export function uriNamed(uri: string, privateKey: KeyObject = newKey()): Certificate {
  return certificateOf(sequence(), [uriName(uri)], privateKey);
}

const uriName = (uri: string) => tlv(uriTag, Buffer.from(uri));

function certificateOf(name: Buffer, names: Buffer[], privateKey: KeyObject): Certificate {
  const isEc = privateKey.asymmetricKeyType === "ec";
  const algorithm = isEc
    ? sequence(oid([1, 2, 840, 10045, 4, 3, 2]))
    : sequence(oid([1, 2, 840, 113549, 1, 1, 11]), tlv(0x05));
  const hour = 3_600_000;
  const alternativeNames = sequence(...names);
  const extensions = sequence(
    sequence(oid([2, 5, 29, 17]), tlv(0x04, alternativeNames)),
    // basicConstraints with CA true: it is its own root.
    sequence(
      oid([2, 5, 29, 19]),
      tlv(0x01, Buffer.from([0xff])),
      tlv(0x04, sequence(tlv(0x01, Buffer.from([0xff])))),
    ),
  );
  const body = sequence(
    tlv(0xa0, tlv(0x02, Buffer.from([2]))),
    tlv(0x02, Buffer.from([1])),
    algorithm,
    name,
    sequence(time(Date.now() - hour), time(Date.now() + 7 * 24 * hour)),
    name,
    createPublicKey(privateKey).export({ type: "spki", format: "der" }),
    tlv(0xa3, extensions),
  );
  const signature = sign("sha256", body, privateKey);
  const der = sequence(body, algorithm, tlv(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const lines = der.toString("base64").replace(/(.{64})/g, "$1\n");
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${lines.trimEnd()}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
  };
}

/** DER: tag, length, value (X.690 section 8.1). */
function tlv(tag: number, ...values: Buffer[]): Buffer {
  const value = Buffer.concat(values);
  const { length } = value;
  // The shortest form, or Go refuses to read it.
  const lengthBytes =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...lengthBytes]), value]);
}

const sequence = (...values: Buffer[]) => tlv(0x30, ...values);
const set = (...values: Buffer[]) => tlv(0x31, ...values);

function oid([first, second, ...rest]: number[]): Buffer {
  const bytes = [first! * 40 + second!];
  for (const arc of rest) {
    const septets = [arc & 0x7f];
    for (let left = arc >> 7; left > 0; left >>= 7) septets.unshift((left & 0x7f) | 0x80);
    bytes.push(...septets);
  }
  return tlv(0x06, Buffer.from(bytes));
}

function time(millis: number): Buffer {
  const digits = new Date(millis)
    .toISOString()
    .replace(/[-:T]|\.\d+/g, "")
    .slice(2);
  return tlv(0x17, Buffer.from(digits));
}
