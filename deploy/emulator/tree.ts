// Values that `get_property` can hand over, each with Envoy's type.

/** bigint is an integer, a time or a duration (ns); number is a double. */
export type Value = string | bigint | number | boolean | Buffer | Tree;
export interface Tree {
  [name: string]: Value | undefined;
}
