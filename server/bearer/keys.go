package bearer

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/MicahParks/jwkset"
	"github.com/MicahParks/keyfunc/v3"
	"github.com/golang-jwt/jwt/v5"

	"holter/model"
)

const (
	maxSet  = 1 << 20 // bytes of a set at a URL
	maxKeys = 100     // of a set
	// maxTried is how many keys are tried with a token that does not name one. Each costs a verification.
	maxTried  = 8
	minSecret = 32   // bytes (RFC 7518 section 3.2)
	minRSA    = 2048 // bits (RFC 7518 section 3.3)
	maxRSA    = 16384
)

// keys verify tokens. A value never changes.
type keys struct {
	own    []any // from files of their own, without a name
	set    *set  // from a file; nil for none
	remote *set  // from a URL; nil for none
}

// set is a JSON Web Key Set.
type set struct {
	named keyfunc.Keyfunc // finds a key by its name
	names map[string]bool
	all   []jwkset.JWK
}

// size is the number of keys.
func (k *keys) size() int {
	n := len(k.own)
	for _, s := range k.sets() {
		n += len(s.all)
	}
	return n
}

// sets are those that there are.
func (k *keys) sets() []*set {
	var list [2]*set
	all := list[:0]
	for _, s := range []*set{k.set, k.remote} {
		if s != nil {
			all = append(all, s)
		}
	}
	return all
}

// keyFor returns the keys that may have signed a token, and why it is refused if none of them has. If the token names one that is
// not known, it fetches the set at the URL again first. If that cannot be done now, nobody knows whether the token is good.
func (g *Guard) keyFor(ctx context.Context, t *jwt.Token) (fitting []any, otherwise model.RefusalLimit) {
	k := g.keys.Load()
	if g.remote == nil || k.remote != nil && k.know(t) {
		return k.candidates(t)
	}
	name, _ := t.Header["kid"].(string)
	fresh := g.again(ctx, name)
	k = g.keys.Load()
	fitting, otherwise = k.candidates(t)
	if !fresh && !k.know(t) && (otherwise == model.TokenKey || otherwise == model.TokenSignature) {
		otherwise = model.TokenUnavailable
	}
	return fitting, otherwise
}

// know reports whether a token names no key, or one of the sets.
func (k *keys) know(t *jwt.Token) bool {
	name, named := t.Header["kid"].(string)
	return !named || slices.ContainsFunc(k.sets(), func(s *set) bool { return s.names[name] })
}

// candidates returns the keys that may have signed a token, and why it is refused if none of them has.
func (k *keys) candidates(t *jwt.Token) ([]any, model.RefusalLimit) {
	if k.size() == 0 {
		return nil, model.TokenUnavailable
	}
	method := t.Method.Alg()
	name, named := t.Header["kid"].(string)
	var fitting []any
	for _, s := range k.sets() {
		if named && s.names[name] {
			key, err := s.named.Keyfunc(t)
			if err != nil || !fits(method, key) {
				return nil, model.TokenAlgorithm // that key is for another one
			}
			return []any{key}, model.TokenSignature
		}
		fitting = append(fitting, s.fitting(method, named)...)
	}
	for _, key := range k.own {
		if fits(method, key) {
			fitting = append(fitting, key)
		}
	}
	switch {
	case len(fitting) > maxTried:
		return nil, model.TokenKey
	case len(fitting) > 0:
		return fitting, model.TokenSignature
	case len(k.sets()) > 0 && named:
		return nil, model.TokenKey
	}
	return nil, model.TokenAlgorithm
}

// fitting returns the keys that may have signed a token which does not name one of the set: those without a name, or all
// if the token names none at all.
func (s *set) fitting(method string, named bool) (fitting []any) {
	for i := range s.all {
		m := s.all[i].Marshal()
		if (m.KID == "" || !named) && (m.ALG == "" || m.ALG.String() == method) && fits(method, s.all[i].Key()) {
			fitting = append(fitting, s.all[i].Key())
		}
	}
	return fitting
}

// fits reports whether a key is one of that algorithm.
func fits(method string, key any) bool {
	switch k := key.(type) {
	case []byte:
		return method == "HS256"
	case *rsa.PublicKey:
		return method == "RS256"
	case *ecdsa.PublicKey:
		return method == "ES256" && k.Curve == elliptic.P256()
	case ed25519.PublicKey:
		return method == "EdDSA"
	}
	return false
}

// sound returns what is wrong with a key, nil if it is one that tokens can be verified with.
func sound(key any) error {
	switch k := key.(type) {
	case []byte:
		if len(k) < minSecret {
			return fmt.Errorf("the secret has %d bytes: HS256 needs %d or more (RFC 7518 section 3.2), as a shorter one can be guessed from any token", len(k), minSecret)
		}
	case *rsa.PublicKey:
		if bits := k.N.BitLen(); bits < minRSA || bits > maxRSA {
			return fmt.Errorf("the RSA key has %d bits: RS256 needs %d or more (RFC 7518 section 3.3)", bits, minRSA)
		}
	case *ecdsa.PublicKey:
		if _, err := k.ECDH(); k.Curve != elliptic.P256() || err != nil {
			return errors.New("the elliptic key is not one of P-256, which ES256 needs")
		}
	case ed25519.PublicKey:
	default:
		return errors.New("the key is of a kind that no accepted algorithm has: write one of RSA, P-256 or Ed25519, or a secret")
	}
	return nil
}

// parseKeys parses a file of PEM blocks, of a set, or of a secret.
func parseKeys(text []byte) ([]any, *set, error) {
	trimmed := bytes.TrimSpace(text)
	switch {
	case bytes.Contains(text, []byte("-----BEGIN ")):
		keys, err := parsePEM(text)
		return keys, nil, err
	case bytes.HasPrefix(trimmed, []byte("{")) && json.Valid(trimmed):
		s, err := parseSet(trimmed, true)
		return nil, s, err
	}
	secret := bytes.TrimRight(text, "\r\n") // which an editor puts there
	return []any{secret}, nil, sound(secret)
}

// parsePEM parses public keys and certificates. A private key is no error of form, but has no place here.
func parsePEM(text []byte) (keys []any, err error) {
	for len(keys) < maxKeys {
		block, rest := pem.Decode(text)
		if block == nil {
			break
		}
		text = rest
		key, err := parseBlock(block)
		if err == nil {
			err = sound(key)
		}
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, errors.New("there is no PEM block that can be read")
	}
	return keys, nil
}

func parseBlock(block *pem.Block) (any, error) {
	switch {
	case strings.HasSuffix(block.Type, "PRIVATE KEY"):
		return nil, errors.New("this is a private key, with which tokens are made: give holter the public one, as of openssl pkey -pubout")
	case block.Type == "CERTIFICATE":
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		return c.PublicKey, nil
	case block.Type == "RSA PUBLIC KEY":
		return x509.ParsePKCS1PublicKey(block.Bytes)
	case block.Type == "PUBLIC KEY":
		return x509.ParsePKIXPublicKey(block.Bytes)
	}
	return nil, fmt.Errorf("a PEM block of type %.40q is no key: write a PUBLIC KEY or a CERTIFICATE", block.Type)
}

// parseSet parses a JSON Web Key Set, or a single key. It leaves out keys that are for something else, or of a kind that is
// not known (RFC 7517 section 5). A secret is taken only from a file: what is published is none.
func parseSet(text []byte, file bool) (*set, error) {
	var raw struct {
		Keys []json.RawMessage `json:"keys"`
		KTY  string            `json:"kty"`
	}
	if err := json.Unmarshal(text, &raw); err != nil {
		return nil, errors.New("this is no JSON Web Key Set: it begins with {\"keys\":[")
	}
	if raw.KTY != "" {
		raw.Keys = []json.RawMessage{text}
	}
	if len(raw.Keys) > maxKeys {
		return nil, fmt.Errorf("the set has %d keys: at most %d are taken", len(raw.Keys), maxKeys)
	}
	s, reason := &set{names: map[string]bool{}}, error(nil)
	for _, one := range raw.Keys {
		key, err := parseJWK(one, file)
		if err != nil {
			reason = err
			continue
		}
		s.all = append(s.all, key)
		s.names[key.Marshal().KID] = true
	}
	if len(s.all) == 0 {
		if reason == nil {
			reason = errors.New("it is empty")
		}
		return nil, fmt.Errorf("the set has no key that can verify tokens: %w", reason)
	}
	storage := jwkset.NewMemoryStorage()
	if err := storage.KeyReplaceAll(context.Background(), s.all); err != nil {
		return nil, err
	}
	var err error
	s.named, err = keyfunc.New(keyfunc.Options{Storage: storage})
	return s, err
}

// parseJWK parses a key of a set. The private part of one is dropped.
func parseJWK(text json.RawMessage, file bool) (jwkset.JWK, error) {
	var m jwkset.JWKMarshal
	if err := json.Unmarshal(text, &m); err != nil {
		return jwkset.JWK{}, errors.New("a key is no object as RFC 7517 has it")
	}
	secret := m.KTY == jwkset.KtyOct
	switch {
	case m.USE != "" && m.USE != jwkset.UseSig:
		return jwkset.JWK{}, errors.New("a key is not for signatures")
	case secret && !file:
		return jwkset.JWK{}, errors.New("a secret is not taken from a URL")
	case m.ALG != "" && !slices.Contains(methods, m.ALG.String()):
		return jwkset.JWK{}, fmt.Errorf("a key is for %.20q", m.ALG.String())
	}
	// The library's own validation panics on coordinates that are too long: sound looks at the key instead.
	key, err := jwkset.NewJWKFromMarshal(m, jwkset.JWKMarshalOptions{Private: secret}, jwkset.JWKValidateOptions{SkipAll: true})
	if err != nil {
		return jwkset.JWK{}, errors.New("a key cannot be read")
	}
	return key, sound(key.Key())
}
