// Gives every class the two members as-pect compares objects by. @as-pect/transform does the
// same, but has the node kinds of AssemblyScript 0.27 built in as numbers; this one asks the
// installed compiler for them.
import { createAddReflectedValueKeyValuePairsMember } from "@as-pect/transform/lib/createAddReflectedValueKeyValuePairsMember.js";
import { createStrictEqualsMember } from "@as-pect/transform/lib/createStrictEqualsMember.js";
import { NodeKind } from "assemblyscript/dist/assemblyscript.js";
import { Transform } from "assemblyscript/dist/transform.js";

export default class extends Transform {
  afterParse(parser) {
    for (const source of parser.sources) addMembers(source.statements);
  }
}

function addMembers(statements) {
  for (const statement of statements) {
    if (statement.kind === NodeKind.NamespaceDeclaration) addMembers(statement.members);
    if (statement.kind !== NodeKind.ClassDeclaration) continue;
    statement.members.push(
      createStrictEqualsMember(statement),
      createAddReflectedValueKeyValuePairsMember(statement),
    );
  }
}
