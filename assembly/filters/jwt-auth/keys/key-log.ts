// What the log says about key sets: one line when something changed, never a key or a token.
import { LogLevel, log } from "../../../host/log";
import { KeySet } from "../../../lib/jose/key-set";
import { decimal } from "../../../lib/writer";

function title(provider: string): string {
  return "jwt-auth, provider " + provider + ": ";
}

/** Another key set is in use from now on. Keys that are left out are worth a warning. */
export function logKeySet(provider: string, keys: KeySet): void {
  const problems = problemsOf(keys);
  const count = decimal(keys.count) + (keys.count == 1 ? " key" : " keys");
  const level = problems.length > 0 ? LogLevel.Warn : LogLevel.Info;
  log(level, title(provider) + "another key set, with " + count + problems);
}

/** The keys of the settings, where there is something wrong with them. */
export function logInlineKeys(provider: string, keys: KeySet): void {
  const problems = problemsOf(keys);
  if (problems.length > 0) log(LogLevel.Warn, title(provider) + "keys of the settings" + problems);
}

function problemsOf(keys: KeySet): string {
  const leftOut = keys.describeLeftOut();
  let problems = leftOut.length > 0 ? "; left out: " + leftOut : "";
  if (keys.privateKeyPlace.length > 0) {
    problems += "; private key at " + keys.privateKeyPlace + ": whoever reads the set can sign";
  }
  return problems;
}

/** Keys cannot be fetched, for a reason that was not logged last. */
export function logFailure(provider: string, why: string): void {
  log(LogLevel.Warn, title(provider) + "keys cannot be fetched: " + why);
}

/** The first success after failures. */
export function logRecovery(provider: string): void {
  log(LogLevel.Warn, title(provider) + "keys are fetched again");
}
