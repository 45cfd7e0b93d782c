// Says in other words what the compiler would make more code of than is needed, and leaves out
// what nobody needs. What a module does is the same.
//   - Texts of the library's errors: a trap names its file, line and column, which say it too
//     (assembly/host/abort.ts).
//   - A second allocation in constructors, for the case that the first gave null: the compiler
//     makes a class that has none of its own ask the constructor of Object, and knows not that
//     `__new` never gives null.
//   - Zeros that constructors write into fields, one by one: `__new` is made to zero the whole
//     object.
//   - Empty lists that are copied from one of nothing in the data.
// Plain JavaScript, since the compiler loads it itself.
import { NodeKind } from "assemblyscript/dist/assemblyscript.js";
import { Transform } from "assemblyscript/dist/transform.js";
import { expression, isNode, statement } from "./syntax.js";

const ALLOCATOR = "~lib/rt/tcms.ts";

export default class extends Transform {
  afterParse(parser) {
    for (const source of parser.sources) {
      if (source.normalizedPath === ALLOCATOR) zeroObjects(source);
      if (source.isLibrary) dropMessages(source);
      else visit(source);
    }
  }

  afterCompile(module) {
    for (let i = 0; i < module.getNumFunctions(); i++) {
      const fn = module.getFunctionByIndex(i);
      const [, owner] = this.binaryen.getFunctionInfo(fn).name.match(/^(.*)#constructor$/) ?? [];
      if (owner) new ZeroDropper(this.binaryen, owner).visit(this.binaryen.Function.getBody(fn));
    }
  }
}

function dropMessages(node) {
  if (Array.isArray(node)) return node.forEach(dropMessages);
  if (!isNode(node)) return;
  if (node.kind === NodeKind.Throw && node.value.kind === NodeKind.New) node.value.args = [];
  for (const [key, child] of Object.entries(node))
    if (key !== "range" && key !== "parent") dropMessages(child);
}

/** Puts the zeroing before the return of `__new`: `obj` is the header, `size` the caller's. */
function zeroObjects(source) {
  const { statements } = source.statements.find(
    (statement) => statement.name?.text === "__new",
  ).body;
  const zeroing = statement(
    "memory.fill(changetype<usize>(obj) + TOTAL_OVERHEAD, 0, size);",
    source.range,
  );
  statements.splice(statements.length - 1, 0, zeroing);
}

function visit(node) {
  if (Array.isArray(node)) return node.forEach(visit);
  if (!isNode(node)) return;
  if (isEmptyList(node.initializer) && node.type) makeList(node);
  if (node.kind === NodeKind.ClassDeclaration && !node.extendsType) addConstructor(node);
  for (const [key, child] of Object.entries(node))
    if (!["range", "parent", "decorators"].includes(key)) visit(child);
}

function isEmptyList(node) {
  return node?.kind === NodeKind.Literal && node.elementExpressions?.length === 0;
}

/**
 * `names: string[] = []`, whose list would be copied from one of nothing in the data: a segment
 * of its own for each.
 */
function makeList(node) {
  const code = `emptyList<${node.type.range.toString()}>()`;
  node.initializer = expression(code, node.initializer.range);
}

function addConstructor(declaration) {
  if (declaration.members.some((member) => member.name.text === "constructor")) return;
  const { members } = statement("class C { constructor() {} }", declaration.range);
  declaration.members.push(...members);
}

/**
 * Takes out of a constructor what sets a field of its own class to zero, unless it was set
 * before.
 */
class ZeroDropper {
  #binaryen;
  #setter;
  #seen = new Set();

  constructor(binaryen, owner) {
    this.#binaryen = binaryen;
    this.#setter = `${owner}#set:`;
  }

  /** Blocks are walked in the order in which they run; what branches is left alone. */
  visit(block) {
    const { Block, BlockId, Call, CallId, getExpressionId } = this.#binaryen;
    if (getExpressionId(block) !== BlockId) return;
    for (let i = 0; i < Block.getNumChildren(block); i++) {
      const child = Block.getChildAt(block, i);
      if (getExpressionId(child) === BlockId) this.visit(child);
      if (getExpressionId(child) !== CallId || !Call.getTarget(child).startsWith(this.#setter))
        continue;
      const isFirst = !this.#seen.has(Call.getTarget(child));
      this.#seen.add(Call.getTarget(child));
      if (isFirst && this.#isZero(Call.getOperandAt(child, 1))) Block.removeChildAt(block, i--);
    }
  }

  #isZero(value) {
    const { ConstId, getExpressionId, getExpressionInfo } = this.#binaryen;
    if (getExpressionId(value) !== ConstId) return false;
    const constant = getExpressionInfo(value).value;
    return typeof constant === "object"
      ? constant.low === 0 && constant.high === 0
      : Object.is(Number(constant), 0);
  }
}
