// Resources as YAML text: one style for everything the tool writes.
import { stringify } from "yaml";

// 1.1 is what Kubernetes reads: there `on` and a bare timestamp are no strings, so they are quoted.
const options = {
  version: "1.1",
  lineWidth: 0,
  aliasDuplicateObjects: false,
  singleQuote: false,
} as const;

/** Documents divided by `---`; each may carry comment lines before it. */
export function yamlText(documents: { value: unknown; comments?: string[] }[]): string {
  return documents
    .map(({ value, comments = [] }) => {
      const head = comments.map((line) => (line === "" ? "#" : `# ${line}`)).join("\n");
      return (head ? `${head}\n` : "") + stringify(value, options);
    })
    .join("---\n");
}
