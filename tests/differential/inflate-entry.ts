// Our gunzip as a function from bytes to bytes.
import "../../assembly/host/abort";
import { Bytes } from "../../assembly/lib/bytes";
import { gunzip } from "../../assembly/lib/inflate";

/** Writes what `source` holds to `out`; gives its length, or -1. */
export function unzip(source: Bytes, bytesMax: i32, out: usize): i32 {
  const result = gunzip(source, bytesMax);
  if (result === null) return -1;
  const length = result.length;
  memory.copy(out, changetype<usize>(result), <usize>result.length);
  return length;
}
