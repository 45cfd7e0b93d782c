import { text, utf8, view } from "../../../../assembly/lib/bytes";
import { algorithmOf } from "../../../../assembly/lib/jose/algorithm";
import { JwkStatus } from "../../../../assembly/lib/jose/jwk-status";
import {
  JWKS_BYTES_MAX,
  KEYS_MAX,
  KeySet,
  KeySetStatus,
  describeKeySet,
} from "../../../../assembly/lib/jose/key-set";

const GOOD =
  '{"kty":"OKP","crv":"Ed25519","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}';
const BAD = '{"kty":"OKP","crv":"Ed448","x":"AAAA"}';

function expectStatus(json: string, status: KeySetStatus): KeySet {
  const keys = new KeySet();
  expect(keys.read(view(utf8(json)))).toBe(status, json.substring(0, 60));
  if (status != KeySetStatus.Ok) expect(describeKeySet(status).length).toBeGreaterThan(10);
  return keys;
}

describe("A key set", () => {
  it("has the keys that are of use, and says which it lacks and why", () => {
    const keys = expectStatus(
      '{"keys":[' + GOOD + "," + BAD + ",1," + GOOD + "]}",
      KeySetStatus.Ok,
    );
    expect(keys.count).toBe(2);
    expect(keys.leftOutCount).toBe(2);
    expect(keys.leftOut[0].place).toBe("/keys/1");
    expect(keys.leftOut[0].status).toBe(JwkStatus.CurveUnknown);
    expect(keys.describeLeftOut()).toBe("/keys/1: crv is not supported; /keys/2: not an object");
    const whole = expectStatus('{"keys":[' + GOOD + '],"more":1}', KeySetStatus.Ok);
    expect(whole.describeLeftOut()).toBe("");
  });

  it("names twenty of the keys that it lacks, and counts the others", () => {
    const bad = new Array<string>(25).fill("1").join(",");
    const keys = expectStatus('{"keys":[' + bad + "," + GOOD + "]}", KeySetStatus.Ok);
    expect(keys.leftOut.length).toBe(20);
    expect(keys.describeLeftOut().endsWith("/keys/19: not an object; and 5 more")).toBe(true);
  });

  it("may begin with a byte order mark", () => {
    expect(expectStatus("\u{feff}" + '{"keys":[' + GOOD + "]}", KeySetStatus.Ok).count).toBe(1);
    expectStatus("\u{feff}\u{feff}" + '{"keys":[' + GOOD + "]}", KeySetStatus.NotJson);
  });

  it("says where a private key is", () => {
    expect(expectStatus('{"keys":[' + GOOD + "]}", KeySetStatus.Ok).privateKeyPlace).toBe("");
    const leaked = GOOD.replace("{", '{"d":"AAAA",');
    const keys = expectStatus('{"keys":[' + GOOD + "," + leaked + "]}", KeySetStatus.Ok);
    expect(keys.privateKeyPlace).toBe("/keys/1");
  });

  it("is JSON, with a list of keys in it", () => {
    expectStatus("", KeySetStatus.NotJson);
    expectStatus('{"keys":[' + GOOD + "]", KeySetStatus.NotJson);
    expectStatus('{"keys":[],"keys":[]}', KeySetStatus.NotJson);
    expectStatus('{"keys":' + "[".repeat(20) + "]".repeat(20) + "}", KeySetStatus.NotJson);
    expectStatus("{}", KeySetStatus.NoKeys);
    expectStatus("[" + GOOD + "]", KeySetStatus.NoKeys);
    expectStatus(GOOD, KeySetStatus.NoKeys);
    expectStatus('{"keys":{}}', KeySetStatus.KeysNotArray);
    expectStatus('{"keys":null}', KeySetStatus.KeysNotArray);
  });

  it("has at least one key that is of use", () => {
    expectStatus('{"keys":[]}', KeySetStatus.NoValidKeys);
    expectStatus('{"keys":[' + BAD + "]}", KeySetStatus.NoValidKeys);
    expectStatus('{"keys":[null,1,"a",[]]}', KeySetStatus.NoValidKeys);
  });

  it("is not larger than 1 MiB, and has no more than 1,000 keys", () => {
    const many = new Array<string>(KEYS_MAX).fill(GOOD);
    expect(expectStatus('{"keys":[' + many.join(",") + "]}", KeySetStatus.Ok).count).toBe(KEYS_MAX);
    many.push(GOOD);
    expectStatus('{"keys":[' + many.join(",") + "]}", KeySetStatus.TooManyKeys);
    const large = new StaticArray<u8>(JWKS_BYTES_MAX + 1);
    memory.fill(changetype<usize>(large), 0x20, <usize>large.length);
    expect(new KeySet().read(view(large))).toBe(KeySetStatus.TooLarge);
  });
});

describe("A key", () => {
  it("fits a token that names it, or names none; a key without a name fits any", () => {
    const edDsa = algorithmOf(text("EdDSA"))!;
    const named = expectStatus('{"keys":[' + GOOD + "]}", KeySetStatus.Ok).keys[0];
    expect(named.fits(edDsa, text("a"))).toBe(true);
    expect(named.fits(edDsa, text("b"))).toBe(false);
    expect(named.fits(edDsa, text("aa"))).toBe(false);
    expect(named.fits(edDsa, 0)).toBe(true);
    const unnamed = expectStatus(
      '{"keys":[' + GOOD.replace('"kid":"a",', "") + "]}",
      KeySetStatus.Ok,
    ).keys[0];
    expect(unnamed.fits(edDsa, text("b"))).toBe(true);
  });

  it("never fits another algorithm", () => {
    const key = expectStatus('{"keys":[' + GOOD + "]}", KeySetStatus.Ok).keys[0];
    const others = ["RS256", "PS256", "ES256", "ES512", "HS256"];
    for (let i = 0; i < others.length; i++)
      expect(key.fits(algorithmOf(text(others[i]))!, text("a"))).toBe(false);
  });
});
