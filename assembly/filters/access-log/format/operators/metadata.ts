// %DYNAMIC_METADATA(…)% and its like: one value of the metadata of a request, a cluster, a route …
import {
  Bytes,
  NONE,
  equal,
  indexOf,
  lengthOf,
  owned,
  path,
  slice,
  text,
  toText,
} from "../../../../lib/bytes";
import { Result, success } from "../../../../lib/result";
import { Writer } from "../../../../lib/writer";
import { Action } from "../../redact/action";
import { Piece } from "../command";
import { Operator } from "./operator";
import {
  Arguments,
  Length,
  OperatorMaker,
  OperatorRow,
  partAt,
  refused,
  writePathParts,
} from "./row";
import { UntypedProperty } from "./untyped-property";

const COLON: u8 = 0x3a;
const FILTER_METADATA = path(".filter_metadata.");
/** Where Envoy's own filter leaves the claims of a token. */
const NATIVE_CLAIMS = text("envoy.filters.http.jwt_authn");

/** What METADATA(TYPE:…) names, and the property that holds it. */
@final
export class MetadataType {
  constructor(
    readonly name: Bytes,
    readonly property: Bytes,
  ) {}
}

export const DYNAMIC_METADATA = new MetadataType(text("DYNAMIC"), path("metadata"));
export const CLUSTER_METADATA = new MetadataType(text("CLUSTER"), path("xds.cluster_metadata"));
export const UPSTREAM_METADATA = new MetadataType(
  text("UPSTREAM_HOST"),
  path("xds.upstream_host_metadata"),
);

/** One row per type of metadata. */
const METADATA_TYPES: MetadataType[] = [
  DYNAMIC_METADATA,
  CLUSTER_METADATA,
  new MetadataType(text("ROUTE"), path("xds.route_metadata")),
  UPSTREAM_METADATA,
  new MetadataType(text("LISTENER"), path("xds.listener_metadata")),
  new MetadataType(text("VIRTUAL_HOST"), path("xds.virtual_host_metadata")),
];

/** `namespace:key…` of one type of metadata. */
@final
export class MetadataRow extends OperatorRow {
  constructor(
    name: Bytes,
    private type: MetadataType,
  ) {
    super(name, Arguments.Required, Length.Optional);
  }

  make(command: Piece, maker: OperatorMaker): Result<Operator> {
    return metadataOperator(command, this.type, command.arguments, maker);
  }
}

/** %METADATA(TYPE:namespace:key…)%. */
@final
export class TypedMetadataRow extends OperatorRow {
  constructor(name: Bytes) {
    super(name, Arguments.Required, Length.Optional);
  }

  make(command: Piece, maker: OperatorMaker): Result<Operator> {
    const given = command.arguments;
    const name = partAt(given, 0, COLON);
    for (let i = 0; i < METADATA_TYPES.length; i++) {
      const type = METADATA_TYPES[i];
      if (!equal(type.name, name)) continue;
      return metadataOperator(command, type, slice(given, lengthOf(name) + 1), maker);
    }
    const names = METADATA_TYPES.map<string>((type) => toText(type.name)).join(" or ");
    return refused(command, "takes " + names + " first");
  }
}

function metadataOperator(
  command: Piece,
  type: MetadataType,
  given: Bytes,
  maker: OperatorMaker,
): Result<Operator> {
  if (indexOf(given, COLON) < 0) {
    return refused(command, "needs a namespace and a key: the host gives no whole structures");
  }
  const path = new Writer();
  path.bytes(type.property);
  path.bytes(FILTER_METADATA);
  writePathParts(path, given, COLON);
  const action = type === DYNAMIC_METADATA ? actionOf(given, maker) : Action.Keep;
  const owner = owned(path.view());
  return success<Operator>(new UntypedProperty(owner, maker.redaction, action, command.length));
}

/** `envoy.filters.http.jwt_authn:<where>:<claim>` is redacted like the claim of that name. */
function actionOf(given: Bytes, maker: OperatorMaker): Action {
  if (!equal(partAt(given, 0, COLON), NATIVE_CLAIMS)) return Action.Keep;
  const where = partAt(given, 1, COLON);
  const behind = lengthOf(NATIVE_CLAIMS) + 1 + lengthOf(where) + 1;
  const steps = new Writer();
  writePathParts(steps, slice(given, behind), COLON);
  return maker.redaction.ofClaim(steps.view());
}
