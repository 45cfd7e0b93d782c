// One tar archive in one gzip stream, with the same bytes on every machine. Knows the two
// formats, nothing of images.
import { crc32 } from "node:zlib";

const blockBytes = 512;
/** The largest stored block of DEFLATE (RFC 1951 section 3.2.4). */
const storedBytesMax = 65535;

export interface TarFile {
  name: string;
  data: Buffer;
  /** Permissions; default: 0644. */
  mode?: number;
}

/** What the fields of a header hold (IEEE 1003.1, ustar). */
const nameBytesMax = 100;
const prefixBytesMax = 155;

/**
 * POSIX ustar (IEEE 1003.1): owner 0, time 0. Names to 100 bytes, or 255 where a `/` divides them.
 */
export function tar(files: TarFile[]): Buffer {
  const blocks = files.flatMap(({ name, data, mode = 0o644 }) => {
    const padding = Buffer.alloc((blockBytes - (data.length % blockBytes)) % blockBytes);
    return [header(name, data.length, mode), data, padding];
  });
  return Buffer.concat([...blocks, Buffer.alloc(2 * blockBytes)]);
}

/** A long name in its two fields. */
function divided(name: string): { prefix: string; rest: string } {
  if (Buffer.byteLength(name) <= nameBytesMax) return { prefix: "", rest: name };
  for (let at = name.indexOf("/"); at > 0; at = name.indexOf("/", at + 1)) {
    const prefix = name.slice(0, at);
    const rest = name.slice(at + 1);
    if (Buffer.byteLength(prefix) > prefixBytesMax) break;
    if (Buffer.byteLength(rest) <= nameBytesMax) return { prefix, rest };
  }
  throw new Error(`${name}: longer than a tar archive can name`);
}

function header(name: string, size: number, mode: number): Buffer {
  const { prefix, rest } = divided(name);
  const block = Buffer.alloc(blockBytes);
  const octal = (value: number, at: number, width: number) => {
    block.write(value.toString(8).padStart(width - 1, "0") + "\0", at, "latin1");
  };
  block.write(rest, 0, nameBytesMax, "utf8");
  block.write(prefix, 345, prefixBytesMax, "utf8");
  octal(mode, 100, 8);
  octal(0, 108, 8); // owner
  octal(0, 116, 8); // group
  octal(size, 124, 12);
  octal(0, 136, 12); // time
  block.write(" ".repeat(8), 148, "latin1"); // the checksum counts its own field as spaces
  block.write("0", 156, "latin1"); // regular file
  block.write("ustar\u000000", 257, "latin1");
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(sum.toString(8).padStart(6, "0") + "\0 ", 148, "latin1");
  return block;
}

/**
 * gzip (RFC 1952) of stored blocks. Not compressed on purpose: zlib picks its hash function by
 * the CPU's features, so the same module would get another digest on another machine. A module is
 * some 100 KiB.
 */
export function gzipStored(data: Buffer): Buffer {
  // Magic, DEFLATE, no flags, time 0, no extra flags, unknown system.
  const parts: Buffer[] = [Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255])];
  for (let at = 0; at === 0 || at < data.length; at += storedBytesMax) {
    const block = data.subarray(at, at + storedBytesMax);
    const head = Buffer.alloc(5);
    head[0] = at + storedBytesMax >= data.length ? 1 : 0;
    head.writeUInt16LE(block.length, 1);
    head.writeUInt16LE(~block.length & 0xffff, 3);
    parts.push(head, block);
  }
  const tail = Buffer.alloc(8);
  tail.writeUInt32LE(crc32(data), 0);
  tail.writeUInt32LE(data.length % 2 ** 32, 4);
  return Buffer.concat([...parts, tail]);
}
