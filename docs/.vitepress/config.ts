// The site: `npm run docs` builds it into `build/docs`. Pages are copied and generated into
// `build/site` first (see `docs/build.ts`), so nothing generated is committed.
import { defineConfig } from "vitepress";

const page = (text: string, link: string) => ({ text, link });

export default defineConfig({
  title: "Gatehouse",
  description:
    "Edge policy for Istio in four small Proxy-Wasm filters, and the tool that ships them",
  lang: "en",
  srcDir: "../build/site",
  outDir: "../build/docs",
  cacheDir: "../build/vitepress-cache",
  cleanUrls: false,
  lastUpdated: false,
  head: [["link", { rel: "icon", href: "/playground/icon.svg" }]],
  // The playground is a page of its own that is copied beside the site.
  ignoreDeadLinks: [/\/playground\/index$/],
  markdown: {
    theme: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" },
    // `{{token}}` in a code span is text, not an expression of Vue's.
    config: (md) => {
      const plain = md.renderer.rules.code_inline!;
      md.renderer.rules.code_inline = (...given) => plain(...given).replace("<code", "<code v-pre");
    },
  },
  themeConfig: {
    logo: "/icon.svg",
    search: { provider: "local" },
    outline: [2, 3],
    nav: [
      page("Quick start", "/quick-start-laptop"),
      page("Tutorials", "/tutorials/jwt"),
      page("Reference", "/reference/settings-file"),
      page("Playground", "/playground"),
    ],
    sidebar: [
      {
        text: "Start",
        items: [
          page("Overview", "/"),
          page("Install", "/install"),
          page("Quick start on a laptop", "/quick-start-laptop"),
          page("Quick start on Istio", "/quick-start-istio"),
          page("Playground", "/playground"),
        ],
      },
      {
        text: "Tutorials",
        items: [
          page("JWT from an identity provider", "/tutorials/jwt"),
          page("Per-client limits", "/tutorials/rate-limit"),
          page("A sticky canary with a guard", "/tutorials/canary"),
          page("An access log without secrets", "/tutorials/access-log"),
          page("All four together", "/tutorials/all-four"),
          page("Ten minutes, step by step", "/tutorials/ten-minutes"),
        ],
      },
      {
        text: "Migrate",
        items: [
          page("How migrate works", "/migrate/"),
          page("RequestAuthentication", "/migrate/request-authentication"),
          page("EnvoyFilter rate limits", "/migrate/rate-limits"),
          page("VirtualService canaries", "/migrate/virtual-service"),
          page("Flagger and Argo Rollouts", "/migrate/progressive-delivery"),
          page("Access log formats", "/migrate/access-log"),
        ],
      },
      {
        text: "Reference",
        items: [
          page("Settings file", "/reference/settings-file"),
          page("jwt-auth", "/reference/jwt-auth"),
          page("rate-limit", "/reference/rate-limit"),
          page("canary", "/reference/canary"),
          page("access-log", "/reference/access-log"),
          page("Conditions", "/reference/conditions"),
          page("Metrics and alerts", "/reference/metrics"),
          page("Response codes", "/reference/response-codes"),
          page("Command line", "/reference/cli"),
          page("Errors", "/reference/errors"),
        ],
      },
      {
        text: "Operate",
        items: [
          page("Install, upgrade, roll back", "/operate/upgrade"),
          page("Helm and kustomize", "/operate/chart"),
          page("GitOps", "/operate/gitops"),
          page("Observe", "/operate/observe"),
          page("Size", "/operate/size"),
          page("Troubleshoot", "/operate/troubleshoot"),
          page("Runbook", "/operate/runbook"),
        ],
      },
      {
        text: "More",
        items: [
          page("Use cases", "/examples"),
          page("Compare", "/compare"),
          page("Security model", "/security"),
          page("FAQ", "/faq"),
          page("Glossary", "/glossary"),
          page("Contribute", "/contribute"),
        ],
      },
    ],
  },
});
