// Formats of a CRD's schema that the API server checks: whole numbers of 32 and 64 bits, base64,
// times.
import { fieldSchema } from "../../core/structural.ts";
import type { CrdSchema } from "../../core/structural.ts";
import { isFields } from "../../core/value.ts";
import type { Broken } from "./rules.ts";

const formats: Record<string, { fits(value: unknown): boolean; message: string }> = {
  int32: {
    fits: (value) => typeof value !== "number" || Math.abs(value + 0.5) < 2 ** 31,
    message: "the number has more than 32 bits",
  },
  int64: {
    fits: (value) => typeof value !== "number" || Math.abs(value) < 2 ** 63,
    message: "the number has more than 64 bits",
  },
  byte: {
    fits: (value) =>
      typeof value !== "string" ||
      /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(value),
    message: "the text is no base64",
  },
  "date-time": {
    fits: (value) =>
      typeof value !== "string" ||
      (/^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/.test(value) &&
        !Number.isNaN(Date.parse(value))),
    message: "the text is no time of RFC 3339",
  },
};

export function wrongFormats(
  schema: CrdSchema | undefined,
  value: unknown,
  path: (string | number)[] = [],
): Broken[] {
  if (Array.isArray(value))
    return value.flatMap((item, index) => wrongFormats(schema?.items, item, [...path, index]));
  if (isFields(value))
    return Object.entries(value).flatMap(([name, field]) =>
      wrongFormats(fieldSchema(schema, name), field, [...path, name]),
    );
  const format = schema?.format === undefined ? undefined : formats[schema.format];
  return !format || format.fits(value) ? [] : [{ path, message: format.message }];
}
