// The models of RequestAuthentication and AuthorizationPolicy, field by field. `npm run test:istio`
// puts the same table to istiod and Envoy.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Keyring } from "../../../deploy/compare/keyring.ts";
import { parse } from "../../../deploy/core/source.ts";
import { yamlText } from "../../../deploy/core/yaml-text.ts";
import { customAuthorization, rbac } from "../../../deploy/native/authorization/rbac.ts";
import { nativeDecider } from "../../../deploy/native/decider.ts";
import { jwtAuthn } from "../../../deploy/native/jwt/jwt-authn.ts";
import { defaultMesh } from "../../../deploy/native/types.ts";
import { fieldCases } from "../../support/authorization-fields/all.ts";
import {
  authorizerStatus,
  documentsOf,
  meshConfig,
  seenIn,
} from "../../support/authorization-fields/cases.ts";
import { requestOf } from "../../support/authorization.ts";

const mesh = { ...defaultMesh, ...meshConfig };

for (const each of fieldCases)
  test(`${each.name}: the model decides as Istio does`, () => {
    const text = yamlText(documentsOf(each).map((value) => ({ value })));
    const { manifests } = parse(text, "case.yaml");
    const model = nativeDecider([customAuthorization, jwtAuthn, rbac], manifests, mesh);
    const keyring = new Keyring();
    for (const [at, [ask, status]] of each.asks.entries()) {
      const request = requestOf(ask, manifests, keyring);
      const decision = model.decide(request);
      const asked = decision.effects?.ext_authz === undefined ? undefined : authorizerStatus;
      assert.equal(asked ?? decision.refusal?.status ?? 200, status, JSON.stringify(ask));
      if (at > 0 || !each.seen) continue;
      const seen = Object.keys(each.seen).map((name) => [name, seenIn(request, decision, name)]);
      assert.deepEqual(Object.fromEntries(seen), each.seen);
    }
  });
