// Our cryptography against node:crypto, and against the definitions where a library makes no such
// thing. Compiled once.
import "./crypto/ecdsa.ts";
import "./crypto/ed25519.ts";
import "./crypto/field.ts";
import "./crypto/hashes.ts";
import "./crypto/rsa.ts";
import "./crypto/wycheproof.ts";
