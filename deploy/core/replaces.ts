// On a settings file that `migrate` wrote: the native resources that it stands for, each as
// `kind/namespace/name`, with blanks between. They are deleted once the policy enforces.
export const replacesAnnotation = "gatehouse.dev/replaces";
