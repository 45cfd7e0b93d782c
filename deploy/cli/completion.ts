// Scripts that complete the command line, made from the commands themselves.
export interface CompletedOption {
  /** `--file`, and `-f` if there is one. */
  names: string[];
  description: string;
  takesValue: boolean;
  choices: readonly string[];
}

export interface CompletedVerb {
  name: string;
  description: string;
  options: CompletedOption[];
  /** The values of its first argument, where there are only some. */
  choices: readonly string[];
}

export const shells = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof shells)[number];

export function completion(shell: Shell, verbs: CompletedVerb[]): string {
  return { bash, zsh, fish }[shell](verbs);
}

const names = (verb: CompletedVerb) => verb.options.flatMap((option) => option.names);

function bash(verbs: CompletedVerb[]): string {
  const values = verbs.flatMap((verb) =>
    verb.options
      .filter(({ choices }) => choices.length > 0)
      .map(
        (option) =>
          `    ${option.names.map((name) => `${verb.name}:${name}`).join("|")}) words="${option.choices.join(" ")}" ;;`,
      ),
  );
  const options = verbs.map((verb) => `      ${verb.name}) words="${names(verb).join(" ")}" ;;`);
  const first = verbs
    .filter(({ choices }) => choices.length > 0)
    .map((verb) => `      ${verb.name}) words="${verb.choices.join(" ")}" ;;`);
  return `# bash completion of gatehouse: source <(gatehouse completion bash)
_gatehouse() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" verb="" words="" word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    if [[ $word != -* ]]; then verb="$word"; break; fi
  done
  case "$verb:$prev" in
${values.join("\n")}
  esac
  if [[ -n $words ]]; then
    :
  elif [[ -z $verb ]]; then
    words="${verbs.map(({ name }) => name).join(" ")} --help --version"
  elif [[ $cur == -* ]]; then
    case "$verb" in
${options.join("\n")}
    esac
  elif [[ $prev == "$verb" ]]; then
    case "$verb" in
${first.join("\n")}
    esac
  fi
  COMPREPLY=()
  if [[ -n $words ]]; then COMPREPLY=($(compgen -W "$words" -- "$cur")); fi
}
complete -o default -o bashdefault -F _gatehouse gatehouse
`;
}

function zsh(verbs: CompletedVerb[]): string {
  const quoted = (text: string) => text.replaceAll("'", "'\\''").replaceAll(/[[\]:]/g, "\\$&");
  const specs = (verb: CompletedVerb) => [
    ...verb.options.flatMap(({ names: own, description, takesValue, choices }) => {
      const value = choices.length > 0 ? `(${choices.join(" ")})` : "_files";
      return own.map(
        (name) => `'*${name}[${quoted(description)}]${takesValue ? `:value:${value}` : ""}'`,
      );
    }),
    verb.choices.length > 0 ? `'*:value:(${verb.choices.join(" ")})'` : "'*:file:_files'",
  ];
  return `#compdef gatehouse
# zsh completion of gatehouse: source <(gatehouse completion zsh)
_gatehouse() {
  local -a verbs
  verbs=(
${verbs.map(({ name, description }) => `    '${name}:${quoted(description)}'`).join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe 'command' verbs
    return
  fi
  case "$words[2]" in
${verbs.map((verb) => `    ${verb.name}) shift words; (( CURRENT-- )); _arguments ${specs(verb).join(" ")} ;;`).join("\n")}
  esac
}
if [[ $funcstack[1] == _gatehouse ]]; then _gatehouse; else compdef _gatehouse gatehouse; fi
`;
}

function fish(verbs: CompletedVerb[]): string {
  const quoted = (text: string) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const lines = verbs.flatMap((verb) => {
    const seen = `-n '__fish_seen_subcommand_from ${verb.name}'`;
    const options = verb.options.map(({ names: own, description, takesValue, choices }) => {
      const flags = own.map((name) =>
        name.startsWith("--") ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`,
      );
      const value =
        choices.length > 0 ? `-xa ${quoted(choices.join(" "))}` : takesValue ? "-r" : "";
      return ["complete -c gatehouse", seen, ...flags, value, `-d ${quoted(description)}`];
    });
    const first =
      verb.choices.length > 0
        ? [["complete -c gatehouse", seen, `-xa ${quoted(verb.choices.join(" "))}`]]
        : [];
    const itself = [
      "complete -c gatehouse -n __fish_use_subcommand -f",
      `-a ${verb.name}`,
      `-d ${quoted(verb.description)}`,
    ];
    return [itself, ...options, ...first].map((parts) => parts.filter(Boolean).join(" "));
  });
  return `# fish completion of gatehouse: gatehouse completion fish | source\n${lines.join("\n")}\n`;
}
