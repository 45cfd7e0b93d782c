// One cursor over a resource's spec, as istiod reads it: a field that is not there has its type's
// zero value. It collects what istiod's webhook refuses, with the place of each.
import type { Path } from "../../../core/source.ts";
import { at, isFields, listOf } from "../../../core/value.ts";

export interface Refusal {
  path: Path;
  what: string;
  right?: string;
}

export class Field {
  readonly value: unknown;
  readonly path: Path;
  private readonly refusals: Refusal[];

  constructor(value: unknown, path: Path, refusals: Refusal[]) {
    this.value = value;
    this.path = path;
    this.refusals = refusals;
  }

  at(...steps: (string | number)[]): Field {
    return new Field(at(this.value, ...steps), [...this.path, ...steps], this.refusals);
  }

  get isSet(): boolean {
    return this.value !== undefined && this.value !== null;
  }
  get text(): string {
    return typeof this.value === "string" ? this.value : "";
  }
  get number(): number {
    return typeof this.value === "number" ? this.value : 0;
  }
  get isTrue(): boolean {
    return this.value === true;
  }

  items(name: string): Field[] {
    const list = this.at(name);
    return listOf(list.value).map((_, index) => list.at(index));
  }

  texts(name: string): string[] {
    return this.items(name).map(({ text }) => text);
  }

  entries(name: string): [key: string, field: Field][] {
    const map = this.at(name);
    return isFields(map.value) ? Object.keys(map.value).map((key) => [key, map.at(key)]) : [];
  }

  has(name: string): boolean {
    return this.at(name).isSet;
  }

  /** The first of these that is set. */
  firstSet(...names: string[]): Field | undefined {
    return names.map((name) => this.at(name)).find(({ isSet }) => isSet);
  }

  refuse(what: string, right?: string): void {
    this.refusals.push({ path: this.path, what, right });
  }

  /** Refuses a text for what a check says of it, if anything. */
  check(problem: string | undefined, right?: string): void {
    if (problem) this.refuse(problem, right);
  }
}
