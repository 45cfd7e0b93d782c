// The release modules in a host that shares no code with Envoy or with ours: proxytest of the Go SDK, on wazero.
package proxytest

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tetratelabs/proxy-wasm-go-sdk/proxywasm/proxytest"
	"github.com/tetratelabs/proxy-wasm-go-sdk/proxywasm/types"
)

const issuer = "https://auth.example.com"

// start configures a release module; the settings are the filter's own JSON.
func start(t *testing.T, filter string, settings any) proxytest.HostEmulator {
	t.Helper()
	module, err := os.ReadFile(filepath.Join("..", "..", "..", "build", filter+".wasm"))
	if err != nil {
		t.Fatal(err)
	}
	vm, err := proxytest.NewWasmVMContext(module)
	if err != nil {
		t.Fatal(err)
	}
	configuration, err := json.Marshal(settings)
	if err != nil {
		t.Fatal(err)
	}
	host, reset := proxytest.NewHostEmulator(
		proxytest.NewEmulatorOption().WithVMContext(vm).WithPluginConfiguration(configuration))
	t.Cleanup(func() { reset(); vm.Close() })
	// Without it this host ends the process when a function is asked for.
	host.RegisterForeignFunction("verify_signature", verifySignature)
	if host.StartVM() != types.OnVMStartStatusOK {
		t.Fatal("the module refused to start")
	}
	if host.StartPlugin() != types.OnPluginStartStatusOK {
		t.Fatalf("the configuration was refused: %v", host.GetErrorLogs())
	}
	return host
}

func request(path string, more ...[2]string) [][2]string {
	headers := [][2]string{{":method", "GET"}, {":path", path}, {":scheme", "https"}, {":authority", "api.example.com"}}
	return append(headers, more...)
}

func header(headers [][2]string, name string) string {
	for _, each := range headers {
		if each[0] == name {
			return each[1]
		}
	}
	return ""
}

func encode(part []byte) string { return base64.RawURLEncoding.EncodeToString(part) }

// token signs claims of a good token with what `sign` does.
func token(alg, kid string, sign func(text []byte) []byte) string {
	claims := fmt.Sprintf(`{"iss":%q,"aud":"product-api","sub":"ann","exp":%d}`, issuer, time.Now().Unix()+600)
	text := encode([]byte(fmt.Sprintf(`{"alg":%q,"kid":%q}`, alg, kid))) + "." + encode([]byte(claims))
	return text + "." + encode(sign([]byte(text)))
}

func bearer(token string) [2]string { return [2]string{"authorization", "Bearer " + token} }

// fields reads the length-delimited fields of a protobuf message.
func fields(message []byte) map[uint64][]byte {
	found := map[uint64][]byte{}
	for len(message) > 0 {
		tag, read := binary.Uvarint(message)
		message = message[read:]
		size, read := binary.Uvarint(message)
		message = message[read:]
		found[tag>>3] = message[:size]
		message = message[size:]
	}
	return found
}

// verifySignature is Envoy's foreign function, on Go's cryptography: RSA with SHA-256 is all that is asked here.
func verifySignature(argument []byte) []byte {
	asked := fields(argument)
	key, err := x509.ParsePKIXPublicKey(asked[2])
	public, isRSA := key.(*rsa.PublicKey)
	if err != nil || !isRSA || string(asked[1]) != "sha256" {
		return []byte{0x08, 0}
	}
	digest := sha256.Sum256(asked[4])
	if rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], asked[3]) != nil {
		return []byte{0x08, 0}
	}
	return []byte{0x08, 1}
}

func TestJwtAuthLetsGoodTokensPassAndRefusesTheRest(t *testing.T) {
	rsaKey, _ := rsa.GenerateKey(rand.Reader, 2048)
	edPublic, edPrivate, _ := ed25519.GenerateKey(rand.Reader)
	keys := map[string]any{"keys": []map[string]string{
		{"kty": "RSA", "kid": "rsa", "n": encode(rsaKey.N.Bytes()), "e": encode(big.NewInt(int64(rsaKey.E)).Bytes())},
		{"kty": "OKP", "crv": "Ed25519", "kid": "ed", "x": encode(edPublic)},
	}}
	provider := map[string]any{
		"name": "example", "issuer": issuer, "audiences": []string{"product-api"}, "jwks": keys,
		"outputPayloadToHeader": "x-jwt-payload", "forwardOriginalToken": true,
	}
	host := start(t, "jwt-auth", map[string]any{"providers": []any{provider}})
	sign := func(text []byte) []byte {
		digest := sha256.Sum256(text)
		signature, _ := rsa.SignPKCS1v15(nil, rsaKey, crypto.SHA256, digest[:])
		return signature
	}
	pss := func(text []byte) []byte {
		digest := sha256.Sum256(text)
		signature, _ := rsa.SignPSS(rand.Reader, rsaKey, crypto.SHA256, digest[:], &rsa.PSSOptions{SaltLength: 32})
		return signature
	}
	good := map[string]string{
		"RS256, verified by the host": token("RS256", "rsa", sign),
		"PS256, verified by us":       token("PS256", "rsa", pss),
		"EdDSA, verified by us":       token("EdDSA", "ed", func(text []byte) []byte { return ed25519.Sign(edPrivate, text) }),
	}
	for name, each := range good {
		// Twice: the second time from the cache.
		for turn := 0; turn < 2; turn++ {
			id := host.InitializeHttpContext()
			action := host.CallOnRequestHeaders(id, request("/a", bearer(each), [2]string{"x-jwt-payload", "forged"}), true)
			if action != types.ActionContinue {
				t.Fatalf("%s: refused: %+v", name, host.GetSentLocalResponse(id))
			}
			payload := header(host.GetCurrentRequestHeaders(id), "x-jwt-payload")
			if payload != strings.Split(each, ".")[1] {
				t.Errorf("%s: payload header %q", name, payload)
			}
		}
	}
	bad := map[string][][2]string{
		"no token":         request("/a"),
		"a cut token":      request("/a", bearer(good["RS256, verified by the host"][:40])),
		"another's token":  request("/a", bearer(token("RS256", "rsa", func([]byte) []byte { return make([]byte, 256) }))),
		"no such key":      request("/a", bearer(token("RS256", "none", sign))),
		"a token for none": request("/a", bearer(token("none", "rsa", func([]byte) []byte { return nil }))),
	}
	for name, headers := range bad {
		id := host.InitializeHttpContext()
		if host.CallOnRequestHeaders(id, headers, true) != types.ActionPause {
			t.Errorf("%s: let pass", name)
		}
		if reply := host.GetSentLocalResponse(id); reply == nil || reply.StatusCode != 401 {
			t.Errorf("%s: reply %+v", name, reply)
		}
	}
}

func TestRateLimitAdmitsTheBurstOfEachClient(t *testing.T) {
	host := start(t, "rate-limit", map[string]any{"limits": []any{map[string]any{
		"name": "per-client", "key": []any{map[string]any{"header": "x-api-key"}},
		"tokenBucket": map[string]any{"maxTokens": 3, "tokensPerFill": 1, "fillInterval": "1h"},
	}}})
	for _, client := range []string{"ann", "bob"} {
		for turn := 1; turn <= 5; turn++ {
			id := host.InitializeHttpContext()
			action := host.CallOnRequestHeaders(id, request("/", [2]string{"x-api-key", client}), true)
			if admitted := action == types.ActionContinue; admitted != (turn <= 3) {
				t.Errorf("%s, request %d: admitted %v", client, turn, admitted)
			}
			if reply := host.GetSentLocalResponse(id); turn > 3 && (reply == nil || reply.StatusCode != 429) {
				t.Errorf("%s, request %d: reply %+v", client, turn, reply)
			}
		}
	}
}

func TestCanaryNamesTheVariantThatTheMeshRoutesBy(t *testing.T) {
	host := start(t, "canary", map[string]any{"routes": []any{map[string]any{
		"name": "product",
		"variants": []any{
			map[string]any{"name": "canary", "match": []any{map[string]any{"headers": map[string]any{"x-canary": map[string]any{"exact": "true"}}}}},
			map[string]any{"name": "mobile", "match": []any{map[string]any{"headers": map[string]any{"user-agent": map[string]any{"regex": ".*Mobile.*"}}}}},
		},
		"split": map[string]any{"stable": 100},
	}}})
	cases := map[string][]([2]string){
		"canary": {{"x-canary", "true"}},
		"mobile": {{"user-agent", "A Mobile Phone"}},
		"stable": {{"x-variant", "forged"}},
	}
	for variant, headers := range cases {
		id := host.InitializeHttpContext()
		host.CallOnRequestHeaders(id, request("/", headers...), true)
		if got := header(host.GetCurrentRequestHeaders(id), "x-variant"); got != variant {
			t.Errorf("expected %s, got %q", variant, got)
		}
	}
}

// giveHeaders hands headers over to a stream whose module wants no callback for them: this host takes them,
// and then calls what is not there.
func giveHeaders(host proxytest.HostEmulator, id uint32, headers [][2]string) {
	defer func() { _ = recover() }()
	host.CallOnRequestHeaders(id, headers, true)
}

func TestAccessLogWritesOneLineOfJSON(t *testing.T) {
	host := start(t, "access-log", map[string]any{
		"format": map[string]any{"json": map[string]any{"method": "%REQ(:METHOD)%", "path": "%REQ(:PATH)%", "agent": "%REQ(USER-AGENT)%"}},
	})
	id := host.InitializeHttpContext()
	hostile := "quote \" and\nline"
	giveHeaders(host, id, request("/a?token=secret", [2]string{"user-agent", hostile}))
	host.CompleteHttpContext(id)
	lines := host.GetWarnLogs()
	if len(lines) != 1 {
		t.Fatalf("expected one line, got %q", lines)
	}
	var line map[string]string
	if err := json.Unmarshal([]byte(lines[0]), &line); err != nil {
		t.Fatalf("%v: %s", err, lines[0])
	}
	if line["method"] != "GET" || line["agent"] != hostile || strings.Contains(lines[0], "secret") {
		t.Errorf("got %s", lines[0])
	}
}
