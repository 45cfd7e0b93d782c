// Access to protobuf messages in YAML, whose fields are spelt in snake_case or camelCase as their
// writer liked.
import type { Path } from "../core/source.ts";

export class Fields {
  readonly value: any;
  private readonly at: Path;

  constructor(value: any, at: Path) {
    this.value = value ?? {};
    this.at = at;
  }

  /** The field's value under either spelling. */
  get(name: string): any {
    return this.value[this.spelling(name)];
  }

  /** The path of a field (`a/b` for one inside another), as it is spelt in the file. */
  path(names: string): Path {
    if (names === "") return this.at;
    let node: any = this.value;
    const steps = names.split("/").map((name) => {
      const key =
        node && typeof node === "object" && !(name in node) && camel(name) in node
          ? camel(name)
          : name;
      node = node?.[key];
      return key;
    });
    return [...this.at, ...steps];
  }

  private spelling(name: string): string {
    return name in this.value ? name : camel(name);
  }
}

function camel(name: string): string {
  return name.replaceAll(/_([a-z])/g, (_all, letter: string) => letter.toUpperCase());
}
