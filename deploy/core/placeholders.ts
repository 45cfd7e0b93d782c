// Placeholders in a text that somebody has to fill in first.

/** `${NAME}`, `${NAME:-default}`: what envsubst, Flux and Kustomize fill in. */
const shell = /\$\{[A-Za-z_][A-Za-z0-9_]*(?::?[-=?+][^}]*)?\}/;
const helm = /\{\{.*\}\}/s;

/** How to fill a text in; undefined where there is nothing to fill in. */
export function fillingOf(text: string): string | undefined {
  if (helm.test(text)) return "it is a Helm template: render it first (helm template)";
  return shell.test(text)
    ? "it has placeholders like ${NAME}: fill them in first (envsubst, flux build, kustomize build)"
    : undefined;
}
