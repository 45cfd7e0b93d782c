// What a parser made of its input, or why it could not: for configuration time.

@final
export class Result<T> {
  constructor(
    /** Null when there is an error. */
    readonly value: T | null,
    /** What is wrong; empty when nothing is. */
    readonly error: string,
  ) {}
}

export function success<T>(value: T): Result<T> {
  return new Result<T>(value, "");
}

export function failure<T>(error: string): Result<T> {
  return new Result<T>(null, error);
}
