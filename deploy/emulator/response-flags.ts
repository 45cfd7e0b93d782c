// Envoy's response flags, short names in the order of their bits
// (`envoy/stream_info/stream_info.h`, CoreResponseFlag).

const names =
  "LH UH UT LR UR UF UC UO NR DI FI RL UAEX RLSE DC URX SI IH DPE UMSDR RFCF NFCF DT UPE NC OM DF DO DR UDO".split(
    " ",
  );

/**
 * The property `response.flags`: one bit per flag. Throws RangeError for a name that Envoy does
 * not have.
 */
export function flagBits(flags: readonly string[]): bigint {
  return flags.reduce((bits, flag) => {
    const bit = names.indexOf(flag);
    if (bit < 0) throw new RangeError(`no response flag ${flag}; there are ${names.join(" ")}`);
    return bits | (1n << BigInt(bit));
  }, 0n);
}
