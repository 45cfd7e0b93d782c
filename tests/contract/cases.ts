// What a filter gives to the contract test: documents, in `cases/<name>.ts`.

/** A document that the schema takes and only the real parser can refuse. */
export interface OnlyWasm {
  /** What a schema cannot say here: a sum, an unknown name, a duplicate, a regular expression… */
  reason: string;
  document: object;
  /** In the refusal, whose pointer included. */
  message: RegExp;
}

export interface Cases {
  /** Documents that both take; together they use every setting. */
  valid: object[];
  onlyWasm: OnlyWasm[];
  /** Variables of the machine that `…FromEnv` names. */
  env?: Record<string, string>;
}
