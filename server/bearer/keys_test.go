package bearer

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"holter/model"
)

// jwkOf is the public key of a pair in JSON.
func jwkOf(p pair, more ...string) map[string]any {
	b64 := base64.RawURLEncoding.EncodeToString
	k := map[string]any{"use": "sig"}
	switch private := p.private.(type) {
	case *rsa.PrivateKey:
		k["kty"], k["n"], k["e"] = "RSA", b64(private.N.Bytes()), b64(big.NewInt(int64(private.E)).Bytes())
	case *ecdsa.PrivateKey:
		point, err := private.PublicKey.Bytes()
		if err != nil {
			panic(err)
		}
		k["kty"], k["crv"], k["x"], k["y"] = "EC", "P-256", b64(point[1:33]), b64(point[33:])
	case ed25519.PrivateKey:
		k["kty"], k["crv"], k["x"] = "OKP", "Ed25519", b64(private.Public().(ed25519.PublicKey))
	case []byte:
		k["kty"], k["k"] = "oct", b64(private)
	}
	for i := 0; i < len(more); i += 2 {
		k[more[i]] = more[i+1]
	}
	return k
}

func setOf(keys ...map[string]any) []byte {
	if keys == nil {
		keys = []map[string]any{}
	}
	text, err := json.Marshal(map[string]any{"keys": keys})
	if err != nil {
		panic(err)
	}
	return text
}

func TestKeySets(t *testing.T) {
	all := pairs()
	rs, es, ed, hs := all["RS256"], all["ES256"], all["EdDSA"], all["HS256"]
	set := file(t, setOf(
		jwkOf(rs, "kid", "r"), jwkOf(es, "kid", "e", "alg", "ES256"), jwkOf(ed, "kid", "d"), jwkOf(hs, "kid", "s"),
		jwkOf(rs, "kid", "enc", "use", "enc"), jwkOf(rs, "kid", "rs512", "alg", "RS512"), jwkOf(es, "kid", "wrong", "alg", "RS256"),
		map[string]any{"kty": "EC", "crv": "secp256k1", "kid": "k1", "x": "AA", "y": "AA"}, map[string]any{"kty": "new", "kid": "new"},
	))
	g := guard(t, Options{JWKS: set})
	for name, c := range map[string]struct{ token, want string }{
		"RSA":                         {sign(t, rs, fresh(), "kid", "r"), ""},
		"EC":                          {sign(t, es, fresh(), "kid", "e"), ""},
		"Ed25519":                     {sign(t, ed, fresh(), "kid", "d"), ""},
		"a secret":                    {sign(t, hs, fresh(), "kid", "s"), ""},
		"no name":                     {sign(t, es, fresh()), ""},
		"an unknown name":             {sign(t, rs, fresh(), "kid", "x"), "token-key"},
		"the name of another":         {sign(t, rs, fresh(), "kid", "e"), "token-algorithm"},
		"a key to encrypt":            {sign(t, rs, fresh(), "kid", "enc"), "token-key"},
		"a key of another method":     {sign(t, rs, fresh(), "kid", "rs512"), "token-key"},
		"a key of a method not its":   {sign(t, es, fresh(), "kid", "wrong"), "token-algorithm"},
		"a key of no kind":            {sign(t, es, fresh(), "kid", "k1"), "token-key"},
		"RSA's public key, as secret": {sign(t, pair{hs.method, rs.file, nil}, fresh(), "kid", "r"), "token-algorithm"},
	} {
		if _, refused := check(g, bearing(c.token)); refused != c.want {
			t.Errorf("%s: refused for %q, want %q", name, refused, c.want)
		}
	}
}

// Each key of a set without names costs a verification, so not all of many are tried.
func TestManyKeysWithoutNames(t *testing.T) {
	ed := pairs()["EdDSA"]
	var keys []map[string]any
	for range maxTried {
		_, private, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, jwkOf(pair{private: private}))
	}
	keys[maxTried-1] = jwkOf(ed)
	if _, refused := check(guard(t, Options{JWKS: file(t, setOf(keys...))}), bearing(sign(t, ed, fresh()))); refused != "" {
		t.Errorf("the last of %d keys: refused for %s", maxTried, refused)
	}
	keys = append(keys, jwkOf(ed))
	if _, refused := check(guard(t, Options{JWKS: file(t, setOf(keys...))}), bearing(sign(t, ed, fresh()))); refused != string(model.TokenKey) {
		t.Errorf("one of more keys: %q", refused)
	}
}

func TestBadKeys(t *testing.T) {
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Skip(err) // where Go refuses to make one
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(pairs()["RS256"].private)
	if err != nil {
		t.Fatal(err)
	}
	long := jwkOf(pairs()["ES256"])
	long["x"] = strings.Repeat("_", 400)
	off := jwkOf(pairs()["ES256"])
	off["x"] = base64.RawURLEncoding.EncodeToString(make([]byte, 32))
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"empty":                  {nil, "0 bytes: HS256 needs 32"},
		"a short secret":         {[]byte("s3cret\n"), "6 bytes: HS256 needs 32"},
		"a private key":          {pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), "give holter the public one"},
		"a broken block":         {[]byte("-----BEGIN PUBLIC KEY-----\ns3cret\n"), "no PEM block"},
		"a block of junk":        {pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: []byte("s3cret")}), "asn1"},
		"a block of another":     {pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: []byte("s3cret")}), "is no key"},
		"a weak RSA key":         {publicPEM(weak.Public()), "1024 bits"},
		"another curve":          {publicPEM(p384.Public()), "P-256"},
		"an empty set":           {setOf(), "it is empty"},
		"no set":                 {[]byte(`{"access_token": "s3cret s3cret s3cret s3cret"}`), "it is empty"},
		"a set of short secrets": {setOf(jwkOf(pair{private: []byte("s3cret")})), "6 bytes"},
		"a coordinate too long":  {setOf(long), "P-256"},
		"a point off the curve":  {setOf(off), "P-256"},
		"too many keys":          {setOf(make([]map[string]any, maxKeys+1)...), "at most 100"},
		"too long":               {make([]byte, maxSet+1), "has more than"},
	} {
		path := file(t, c.file)
		_, err := New(Options{Key: []string{path}}, silent)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "s3cret") || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if _, err := New(Options{Key: []string{t.TempDir()}}, silent); err == nil {
		t.Error("a folder is taken for a key")
	}
	if _, err := New(Options{JWKS: file(t, pairs()["RS256"].file)}, silent); err == nil || !strings.Contains(err.Error(), "--jwt-key") {
		t.Errorf("a PEM file as a set: %v", err)
	}
}

// A certificate has a key, and a file may have several.
func TestCertificatesAndSeveralKeys(t *testing.T) {
	es, ed := pairs()["ES256"], pairs()["EdDSA"]
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, es.private.(*ecdsa.PrivateKey).Public(), es.private)
	if err != nil {
		t.Fatal(err)
	}
	text := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), ed.file...)
	g := guard(t, Options{Key: []string{file(t, text)}})
	for _, p := range []pair{es, ed} {
		if _, refused := check(g, bearing(sign(t, p, fresh()))); refused != "" {
			t.Errorf("%s: refused for %s", p.method.Alg(), refused)
		}
	}
}

// Keys are read again when a file changes, also one that keeps its length and its time. What cannot be read leaves those of
// before.
func TestFilesChange(t *testing.T) {
	first, second := secretPair('1'), secretPair('2')
	path, when := file(t, first.file), time.Now()
	g := guard(t, Options{Key: []string{path}})
	takes := func(want pair) {
		t.Helper()
		for _, p := range []pair{first, second} {
			if _, refused := check(g, bearing(sign(t, p, fresh()))); (refused == "") != (&p.file[0] == &want.file[0]) {
				t.Errorf("%s: refused for %q, want %s to verify", p.file, refused, want.file)
			}
		}
	}
	look := func() {
		keyFiles{g.files, g}.Refresh()
		keyFiles{g.files, g}.Refresh() // which sees the same, so it counts
	}
	change := func(text []byte) {
		t.Helper()
		write(t, path, text)
		if err := os.Chtimes(path, when, when); err != nil {
			t.Fatal(err)
		}
		look()
	}
	change(first.file)
	takes(first)
	change(second.file)
	takes(second)
	change([]byte("short"))
	takes(second)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	look()
	takes(second)
	if _, err := g.Prepare(Options{Key: []string{path}}); err == nil {
		t.Error("a file that is gone is read again without an error")
	}
	change(first.file)
	takes(first)
}

func secretPair(c byte) pair {
	secret := bytes.Repeat([]byte{c}, minSecret)
	return pair{jwt.SigningMethodHS256, secret, secret}
}

// A reload takes new rules and keys, both or none.
func TestPrepare(t *testing.T) {
	es, ed := pairs()["ES256"], pairs()["EdDSA"]
	path := file(t, es.file)
	o := Options{Key: []string{path}}
	g := guard(t, o)
	want := func(when string, p pair, refused string) {
		t.Helper()
		if _, got := check(g, bearing(sign(t, p, fresh()))); got != refused {
			t.Errorf("%s: refused for %q, want %q", when, got, refused)
		}
	}
	write(t, path, ed.file)
	o.Audience = []string{"games"}
	commit, err := g.Prepare(o)
	if err != nil {
		t.Fatal(err)
	}
	want("before", es, "")
	commit()
	want("an old key", es, "token-algorithm")
	want("another audience", ed, "token-audience")
	o.Audience = []string{"chat"}
	if commit, err = g.Prepare(o); err != nil {
		t.Fatal(err)
	}
	commit()
	commit() // nothing waits for Run to run
	want("after", ed, "")
	write(t, path, []byte("short"))
	o.Audience = []string{"games"}
	if _, err := g.Prepare(o); err == nil {
		t.Error("a bad key is taken")
	}
	o.Leeway = -1
	if _, err := g.Prepare(o); err == nil {
		t.Error("bad options are taken")
	}
	want("after what could not be", ed, "")
}
