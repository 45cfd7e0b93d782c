// The command line: verbs, flags, help. Each verb is a function that gives an answer; printing is
// output.ts's.
import { Argument, Command, CommanderError, Option } from "commander";
import { version } from "../core/filter-schemas.ts";
import { Output } from "./output.ts";
import type { Answer, Streams } from "./output.ts";
import { exitCodes } from "../core/problem.ts";

const exitHelp = `
Exit codes:
  0  done                               5  the cluster refused, or cannot be reached
  1  check failed: findings,            6  another field manager owns a field
     differences or failed cases        7  only some of the resources were applied
  2  wrong usage, or an unreadable file 8  no answer in time
  3  something must be built first      70 a fault of this program
  4  the registry refused`;

/** What a verb does with its arguments and flags; commander hands them over untyped. */
type Action = (out: Output, ...given: never[]) => Answer | Promise<Answer>;
/** A verb's code is loaded when the verb is run: `--version` waits for none of it. */
type Load = () => Promise<Action>;

/** Runs the command line and gives the exit code; nothing here ends the process. */
export async function run(args: string[], streams?: Streams): Promise<number> {
  let code = 0;
  if (!streams) endQuietlyWithReader();
  const program = new Command("gatehouse")
    .description(
      "Turns edge policy into Istio plugins, proves it with the real filters, ships it and watches it.",
    )
    .version(version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => (streams ? streams.out(text) : process.stdout.write(text)),
      writeErr: (text) => (streams ? streams.err(text) : process.stderr.write(text)),
    })
    .addHelpText("after", exitHelp);

  const verb = (name: string, description: string, example: string, load: Load): Command => {
    const command = program.command(name).description(description);
    command.option("--json", "one JSON object on standard output, nothing else");
    command.addHelpText("after", `\nExample:\n  ${example}`);
    command.action(async (...given: unknown[]) => {
      const { json, output } = command.opts<{ json?: boolean; output?: string }>();
      const form = json ? "json" : (forms.find((one) => one === output) ?? "text");
      const out = new Output(form, streams);
      try {
        const action = await load();
        code = await out.answer(await action(out, ...(given as never[])));
      } catch (error) {
        code = await out.failure(error);
      }
    });
    return command;
  };
  addVerbs(verb);
  addDemo(verb);
  addPlayground(verb);
  addVerify(verb);
  addHelpers(verb, program);

  try {
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Help and version end through here too, with 0.
    return error.exitCode === 0 ? 0 : exitCodes.usage;
  }
  return code;
}

/** Who reads no further, as `| head`, has what they wanted: the rest has nowhere to go. */
function endQuietlyWithReader(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit();
  });
}

const forms = ["wide", "json", "yaml"] as const;
/** Of verbs that print a list; `--json` and `-o json` are the same. */
const formFlag = () =>
  new Option("-o, --output <form>", "wide (more columns), json or yaml").choices(forms);

type Verb = (name: string, description: string, example: string, load: Load) => Command;

const apiFlag = () =>
  new Option("--api <kind>", "WasmPlugin, or TrafficExtension (Istio 1.30 or newer)").default(
    "WasmPlugin",
  );

const pauseFlag = () =>
  new Option(
    "--pause <seconds>",
    "how long proxies get for each step that replaces native resources",
  ).default("5");

function addVerbs(verb: Verb): void {
  verb(
    "render",
    "Settings → WasmPlugin or TrafficExtension, and what they need around them.",
    "npx gatehouse render -f edge.yaml",
    async () => (await import("./commands/render.ts")).renderCommand,
  )
    .argument(
      "[path...]",
      "files, folders or -: settings files are replaced, every other document is kept",
    )
    .option("-f, --file <path...>", "only these settings files, folders, or - for standard input")
    .addOption(apiFlag())
    .option("--beside", "plugins as they have to be while what they replace is still there")
    .option("--at <moment>", "what `after` in a schedule counts from (default: now)");

  verb(
    "validate",
    "Checks manifests and settings: Istio's schema, ours, the real filters, and how they fit together.",
    "npx gatehouse validate deploy/istio",
    async () => (await import("./commands/validate.ts")).validateCommand,
  )
    .argument("<path...>", "files, folders, or - for standard input")
    .option("--istio <version>", "the oldest Istio of the mesh (default: 1.31)")
    .option(
      "--ignore <group>",
      "an API group whose kinds are validated elsewhere, as often as needed",
      listed,
    )
    .option("--strict", "warnings are errors")
    .addOption(
      new Option("-o, --output <report>", "a report for CI on standard output").choices([
        "github",
        "sarif",
        "junit",
      ]),
    )
    .option("--verbose", "notes too: what was left to others");

  verb(
    "try",
    "Runs the built filters on a described request and explains each decision; with --cases, a table as a test.",
    "npx gatehouse try -f edge.yaml --path /api/products --header 'x-canary: true' --token 'subject=alice'",
    async () => (await import("./commands/try.ts")).tryCommand,
  )
    .requiredOption(
      "-f, --file <path...>",
      "settings files or plugins, and what else routes the request",
    )
    .option("--policy <name>", "the policy (place) to try, where the files hold several")
    .option("--cases <file>", "a list of {name, request, response, expect}")
    .option("--method <method>", "default: GET")
    .option("--path <path>", "with the query; default: /")
    .option(
      "--authority <host>",
      "default: a host that the VirtualServices among the files have, else example.com",
    )
    .option("--header <header>", "`name: value`, as often as needed", collect)
    .option("--body <text>", "the request's body")
    .option("--source <address>", "the client's address")
    .option("--status <code>", "what the service answers (default: 200)")
    .option("--repeat <count>", "send it this often", "1")
    .option("--time <moment>", "the clock at the start (default: now)")
    .option(
      "--token [words]",
      "send a token made for this run: `subject=alice exp=-1h role=admin tamper=signature`",
    )
    .option(
      "--jwks <[host=]file>",
      "the key set a host answers with, for a token of your own",
      collect,
    )
    .option("--verbose", "explain cases that are as expected, too");

  verb(
    "compare",
    "Sends generated requests through two sets of resources and prints the first that are decided otherwise; exits with 1 if any.",
    "npx gatehouse compare manifests/old manifests/new",
    async () => (await import("./commands/compare.ts")).compareCommand,
  )
    .argument("<old>", "a file, a folder, or - for standard input")
    .argument("<new>", "the same")
    .option("--onto", "NEW is applied onto OLD, as what migrate writes: the rest of OLD stays")
    .option("--requests <count>", "the most requests", "5000")
    .option("--seconds <seconds>", "the most time", "60")
    .option("--seed <number>", "the same seed makes the same requests", "1")
    .option("--show <count>", "the most rows of each outcome", "5");

  verb(
    "migrate",
    "RequestAuthentication, AuthorizationPolicy, EnvoyFilter, VirtualService, Canary, MeshConfig → settings.",
    "npx gatehouse migrate deploy/istio > policies.yaml",
    async () => (await import("./commands/migrate.ts")).migrateCommand,
  )
    .argument("[path...]", "files, folders, or - for standard input")
    .option(
      "--image <repository>",
      "where the filters' images will be",
      "registry.example.com/gatehouse",
    )
    .option("--report <file>", "write what became of each field there, not to standard error")
    .option("--seconds <seconds>", "the most time for proofs; what is not proved stays", "120")
    .option("--cluster", "read the cluster of the kubeconfig instead of files")
    .option(
      "--gateway <labels>",
      "`key=value,…[@namespace]`: workloads with these labels are gateways; as often as needed",
      collect,
    )
    .option("--kubeconfig <file>", "default: KUBECONFIG, then ~/.kube/config")
    .option("--context <name>", "default: the current one")
    .option("--timeout <seconds>", "limit of one request", "30");

  verb(
    "push",
    "Built filters → OCI images in a registry.",
    "npx gatehouse push -f edge.yaml",
    async () => (await import("./commands/push.ts")).pushCommand,
  )
    .argument("[filters...]", "only these filters")
    .option(
      "-f, --file <path>",
      "a settings file, as often as needed: its filters, repository, tag and form",
      collect,
    )
    .option(
      "--to <repository>",
      "a repository instead of the settings': one image per filter below it",
    )
    .option("--tag <tag>", "default: the settings', else this checkout's version")
    .option("--form <form>", "image, artifact, or both (the artifact then gets <tag>-artifact)")
    .option("--plain-http", "speak plain HTTP; loopback registries need no word")
    .option("--timeout <seconds>", "limit of one request", "30")
    .option("--dry-run", "only say what the digests would be");

  const onCluster = (command: Command) =>
    command
      .option("--kubeconfig <file>", "default: KUBECONFIG, then ~/.kube/config")
      .option("--context <name>", "default: the current one")
      .option("--timeout <seconds>", "limit of one request, and of the wait for istiod", "30");
  const settings = (command: Command) =>
    command
      .requiredOption("-f, --file <path...>", "settings files, folders, or - for standard input")
      .addOption(apiFlag());

  onCluster(
    settings(
      verb(
        "apply",
        "Settings → the cluster, all or nothing, by server-side apply.",
        "npx gatehouse apply -f edge.yaml",
        async () => (await import("./commands/apply.ts")).applyCommand,
      ),
    ),
  )
    .option("--report", "plugins in mode: report; native resources stay and decide")
    .option("--force", "take over what other managers or policies own")
    .option("--dry-run", "only the steps, and what the API server would say")
    .option("--no-wait", "do not wait at the end until istiod has accepted the plugins")
    .addOption(pauseFlag());

  onCluster(
    settings(
      verb(
        "diff",
        "What apply would change; exits with 1 if anything.",
        "npx gatehouse diff -f edge.yaml",
        async () => (await import("./commands/apply.ts")).diffCommand,
      ),
    ),
  );

  onCluster(
    verb(
      "status",
      "A policy in the cluster: its resources, their modules, its history.",
      "npx gatehouse status istio-system/edge",
      async () => (await import("./commands/status.ts")).statusCommand,
    ).argument("<policy>", "namespace/name"),
  )
    .option(
      "--istiod <url>",
      "port 15014 of an istiod, as often as needed: tells what proxies have refused (Istio 1.31)",
      collect,
    )
    .addOption(formFlag());

  onCluster(
    verb(
      "list",
      "The policies in a cluster, with their revisions.",
      "npx gatehouse list -o wide",
      async () => (await import("./commands/list.ts")).listCommand,
    ),
  )
    .option("-n, --namespace <namespace>", "only this namespace (default: all)")
    .addOption(formFlag());

  onCluster(
    verb(
      "uninstall",
      "Removes a policy and its history from the cluster, after a confirmation.",
      "npx gatehouse uninstall istio-system/edge --dry-run",
      async () => (await import("./commands/uninstall.ts")).uninstallCommand,
    ).argument("<policy>", "namespace/name"),
  )
    .option("--yes", "do not ask")
    .option("--dry-run", "only say what would be removed");

  onCluster(
    verb(
      "rollback",
      "Back to an earlier revision, or to the native resources before, from the history in the cluster.",
      "npx gatehouse rollback istio-system/edge",
      async () => (await import("./commands/status.ts")).rollbackCommand,
    ).argument("<policy...>", "namespace/name; several that were migrated together"),
  )
    .option("--to <revision>", "a number, or native; default: the one before the last")
    .option("--force", "take over what other managers or policies own")
    .option("--dry-run", "only the steps, and what the API server would say")
    .option("--no-wait", "do not wait at the end until istiod has accepted the plugins")
    .addOption(pauseFlag());
}

function addDemo(verb: Verb): void {
  verb(
    "demo",
    "The manifests of deploy/istio/gatehouse on a real Envoy on this machine, with real requests.",
    "npx gatehouse demo",
    async () => (await import("./commands/demo.ts")).demoCommand,
  )
    .option("-f, --file <path...>", "other settings than those of deploy/istio/gatehouse/gateway")
    .option("--policy <name>", "the policy (place) to show, where the files hold several")
    .option(
      "--cases <file>",
      "other requests than those of deploy/istio/gatehouse/gateway/cases.yaml",
    )
    .option(
      "--once",
      "end after the round; without a terminal, with CI=true or --json this is so anyway",
    );
}

function addPlayground(verb: Verb): void {
  verb(
    "playground",
    "A page on a loopback address that runs the filters in the browser, with this folder's files.",
    "npx gatehouse playground",
    async () => (await import("./commands/playground.ts")).playgroundCommand,
  )
    .option("--folder <path>", "where edge.yaml and cases.yaml are read and saved", ".")
    .option("--port <number>", "taken if it is free, else any other", "10080");
}

function addVerify(verb: Verb): void {
  verb(
    "verify",
    "Checks signature and provenance of images, or of what a policy runs in a cluster.",
    "npx gatehouse verify --policy istio-system/edge --key cosign.pub",
    async () => (await import("./commands/verify.ts")).verifyCommand,
  )
    .argument("[image...]", "images by their digest, as render writes them")
    .option("--policy <policy>", "namespace/name: the modules that it runs in the cluster")
    .option("--key <file>", "the signer's public key (cosign.pub)")
    .option(
      "--provenance <file>",
      "the release's provenance.sigstore.json, in place of what the registry has",
      collect,
    )
    .option("--certificate-identity <name>", "the signer of a keyless signature; runs cosign")
    .option("--certificate-oidc-issuer <url>", "who vouched for that signer")
    .option("--plain-http", "speak plain HTTP; loopback registries need no word")
    .option("--kubeconfig <file>", "default: KUBECONFIG, then ~/.kube/config")
    .option("--context <name>", "default: the current one")
    .option("--timeout <seconds>", "limit of one request", "30");
}

function addHelpers(verb: Verb, program: Command): void {
  verb(
    "explain",
    "What a setting means: type, default, limits, and the settings below it.",
    "npx gatehouse explain jwt-auth.providers.jwksUri",
    async () => (await import("./commands/explain.ts")).explainCommand,
  )
    .argument("[setting]", "its path, such as rate-limit.limits.tokenBucket; none: all")
    .option("--schema", "the JSON Schema of settings files, for editors")
    .addOption(formFlag());

  verb(
    "completion",
    "A script that completes the command line in bash, zsh or fish.",
    "npx gatehouse completion bash > ~/.local/share/bash-completion/completions/gatehouse",
    async () => {
      const { completionCommand } = await import("./commands/completion.ts");
      return (out, shell: string) => completionCommand(out, shell, program);
    },
  ).addArgument(new Argument("<shell>", "which shell").choices(["bash", "zsh", "fish"]));
}

/** An option that may be given more than once; its values never take the verb's arguments. */
function collect(value: string, before: string[] = []): string[] {
  return [...before, value];
}

/** The same, where one value may hold several, divided by commas. */
function listed(value: string, before: string[] = []): string[] {
  return [...before, ...value.split(",").filter(Boolean)];
}
