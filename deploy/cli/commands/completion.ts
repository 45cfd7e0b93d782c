// `gatehouse completion`: the command line as a shell completes it.
import type { Command, Option } from "commander";
import { completion } from "../completion.ts";
import type { CompletedOption, CompletedVerb, Shell } from "../completion.ts";
import type { Answer, Output } from "../output.ts";

/** Options whose values are known, though any case of letters is taken. */
const values: Record<string, string[]> = { "--api": ["WasmPlugin", "TrafficExtension"] };

export function completionCommand(_out: Output, shell: string, program: Command): Answer {
  const verbs = program.commands.map(verbOf);
  const script = completion(shell as Shell, verbs);
  return { ok: true, text: script, data: { script } };
}

function verbOf(command: Command): CompletedVerb {
  return {
    name: command.name(),
    description: command.description(),
    options: [...command.options.map(optionOf), help],
    choices: command.registeredArguments[0]?.argChoices ?? [],
  };
}

const help: CompletedOption = {
  names: ["--help"],
  description: "help for this verb",
  takesValue: false,
  choices: [],
};

function optionOf(option: Option): CompletedOption {
  return {
    names: [option.long, option.short].filter((name) => name !== undefined),
    description: option.description,
    takesValue: option.required || option.optional,
    choices: option.argChoices ?? values[option.long ?? ""] ?? [],
  };
}
