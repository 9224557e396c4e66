package bearer

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"go.uber.org/goleak"

	"holter/server/pass"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var silent = slog.New(slog.DiscardHandler)

// pair is a key with which a test signs tokens, and the file that a guard verifies them with.
type pair struct {
	method  jwt.SigningMethod
	private any
	file    []byte
}

var secret = []byte("0123456789abcdef0123456789abcdef")

// pairs has one for each algorithm. They are made once: an RSA key takes its time.
var pairs = sync.OnceValue(func() map[string]pair {
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	e, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	_, d, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	return map[string]pair{
		"HS256": {jwt.SigningMethodHS256, secret, append(secret, '\n')},
		"RS256": {jwt.SigningMethodRS256, r, publicPEM(r.Public())},
		"ES256": {jwt.SigningMethodES256, e, publicPEM(e.Public())},
		"EdDSA": {jwt.SigningMethodEdDSA, d, publicPEM(d.Public())},
	}
})

func publicPEM(key crypto.PublicKey) []byte {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		panic(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// file writes a file with keys.
func file(t testing.TB, text []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key")
	write(t, path, text)
	return path
}

func write(t testing.TB, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func guard(t testing.TB, o Options) *Guard {
	t.Helper()
	g, err := New(o, silent)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// fresh are claims of a token that is valid for an hour, with others in place of them.
func fresh(others ...any) jwt.MapClaims {
	c := jwt.MapClaims{"sub": "ann", "iss": "https://id.example", "aud": "chat", "exp": float64(time.Now().Add(time.Hour).Unix())}
	for i := 0; i < len(others); i += 2 {
		if c[others[i].(string)] = others[i+1]; others[i+1] == nil {
			delete(c, others[i].(string))
		}
	}
	return c
}

func sign(t testing.TB, p pair, claims jwt.Claims, header ...string) string {
	t.Helper()
	token := jwt.NewWithClaims(p.method, claims)
	for i := 0; i < len(header); i += 2 {
		token.Header[header[i]] = header[i+1]
	}
	text, err := token.SignedString(p.private)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// request is a handshake with header lines of name and value.
func request(target string, header ...string) *http.Request {
	r := httptest.NewRequest("GET", target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	return r
}

func bearing(token string) *http.Request {
	return request("/ws", "Authorization", "Bearer "+token)
}

// check returns the subject of the client that g lets in or, if it does not, for which reason.
func check(g *Guard, r *http.Request) (subject, refused string) {
	p, bad := g.Check(r)
	if bad != nil {
		return "", string(bad.Limit)
	}
	return p.Claim("sub"), ""
}

var _ pass.Guard = (*Guard)(nil)
