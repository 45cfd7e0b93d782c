// Where a limit is in the chain decides which requests it counts: those that authentication
// refuses, or not.
import { attachmentsOf, placesOf } from "../../compare/places.ts";
import { pluginAttachment } from "../../compare/plugins.ts";
import { pluginsIn } from "../../compare/state.ts";
import { isPolicy } from "../../core/policy.ts";
import type { Manifest } from "../../core/source.ts";
import { attachmentOf, attaches } from "../../native/attachment.ts";
import type { Attachment } from "../../native/attachment.ts";
import { isPlugin } from "../../validate/plugin.ts";
import type { Context } from "../context.ts";

/** What refuses requests before rate-limit sees them, at a proxy that `limit` is for. */
export function refusesEarlier(context: Context, limit: Manifest): Manifest | undefined {
  return context.manifests.find((manifest) => {
    const early = earlyIn(manifest);
    if (early.length === 0) return false;
    const plugins = pluginsIn([manifest]);
    const workloads = placesOf([limit, manifest], plugins, context.mesh);
    return workloads.some((workload) =>
      [attachmentsOf(limit), early].every((side) =>
        side.some((one) => attaches(one, workload, context.mesh)),
      ),
    );
  });
}

function earlyIn(manifest: Manifest): Attachment[] {
  const { kind } = manifest;
  const isCustom = kind === "AuthorizationPolicy" && manifest.at("spec", "action") === "CUSTOM";
  if (kind === "RequestAuthentication" || isCustom) return attachmentsOf(manifest);
  if (isPlugin(manifest)) {
    const isEarly = manifest.at("spec", "phase") === "AUTHN";
    return isEarly && !isLogger(manifest) ? [attachmentOf(manifest)] : [];
  }
  if (!isPolicy(manifest)) return [];
  return pluginsIn([manifest])
    .filter(({ phase, filter }) => phase === "AUTHN" && filter !== "access-log")
    .map(pluginAttachment);
}

function isLogger(manifest: Manifest): boolean {
  return pluginsIn([manifest]).some(({ filter }) => filter === "access-log");
}
