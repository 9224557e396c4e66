package admin

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"slices"

	"holter/model/reload"
	"holter/probe/trust"
)

// rights are what a caller may do.
type rights int

const (
	reading rights = iota
	changing
)

// flags are those that set the token which opens so much.
func (r rights) flags() string {
	if r == reading {
		return "--read-token or --read-token-file"
	}
	return "--token or --token-file"
}

// key is a token that is in force. Its context ends when the token is replaced, and with it what the token has begun.
type key struct {
	token  string
	sum    [sha256.Size]byte
	opens  rights
	ctx    context.Context
	revoke context.CancelFunc
}

// guard has the options, with what is in the files that they name.
type guard struct {
	Options
	tokenFile, readTokenFile *trust.Files[string] // nil for none
	certificate              trust.Pair           // or the zero value
}

// newGuard reads the files of o.
func newGuard(o Options) (g *guard, err error) {
	g = &guard{Options: o}
	if o.TokenFile != "" {
		if g.tokenFile, err = trust.OpenSecret("--token-file", o.TokenFile); err != nil {
			return nil, err
		}
	}
	if o.ReadTokenFile != "" {
		if g.readTokenFile, err = trust.OpenSecret("--read-token-file", o.ReadTokenFile); err != nil {
			return nil, err
		}
	}
	if o.AdminCert != "" {
		if g.certificate, err = trust.OpenPair("--admin-cert", o.AdminCert, "--admin-key", o.AdminKey); err != nil {
			return nil, err
		}
	}
	_, _, err = g.tokens()
	return g, err
}

// tokens are the tokens that are in force, "" for none.
func (g *guard) tokens() (full, read string, err error) {
	full, read = g.Token, g.ReadToken
	if g.tokenFile != nil {
		full = g.tokenFile.Value()
	}
	if g.readTokenFile != nil {
		read = g.readTokenFile.Value()
	}
	if full != "" && full == read {
		err = errSameTokens
	}
	return full, read, err
}

// files are those that are read anew when they change.
func (a *Plane) files() (all []trust.Watched) {
	g := a.guard.Load()
	if g.certificate.Files != nil {
		all = append(all, g.certificate)
	}
	for _, f := range []*trust.Files[string]{g.tokenFile, g.readTokenFile} {
		if f != nil {
			all = append(all, tokenFile{f, a})
		}
	}
	return all
}

// tokenFile is a file with a token. If another one is written into it, the old one opens nothing any more. But if that one is
// the other file's too, both stay as they were, and each Refresh says so.
type tokenFile struct {
	*trust.Files[string]
	plane *Plane
}

func (f tokenFile) Refresh() (changed bool, err error) {
	if changed, err = f.Files.Refresh(); err != nil {
		return false, err
	}
	return changed, f.plane.cutKeys()
}

// install puts a guard in force.
func (a *Plane) install(g *guard) error {
	a.guard.Store(g)
	return a.cutKeys()
}

// Prepare reads the files of next anew, and has next take the place of the options: see package reload. The address
// stays, and so does whether the plane speaks TLS.
func (a *Plane) Prepare(next Options) (reload.Commit, error) {
	if a.given != nil { // which other machines may reach, whatever the options say
		next.Address = a.given.Addr().String()
	}
	if err := next.Validate(); err != nil {
		return nil, err
	}
	if (next.AdminCert == "") != (a.options.AdminCert == "") {
		return nil, errors.New("--admin-cert: whether the admin plane speaks TLS stays as it is until a restart")
	}
	g, err := newGuard(next)
	if err != nil {
		return nil, err
	}
	return func() {
		a.install(g) // without an error: its tokens are two
		a.bounds.set(next.Limits)
	}, nil
}

// cutKeys makes the keys for the tokens that are in force. Requests under way with a token that no longer is end.
func (a *Plane) cutKeys() error {
	a.cutting.Lock()
	defer a.cutting.Unlock()
	full, read, err := a.guard.Load().tokens()
	if err != nil {
		return err
	}
	old := *a.keys.Load()
	keys := slices.Concat(cut(full, changing, old), cut(read, reading, old))
	a.keys.Store(&keys)
	for _, k := range old {
		if !slices.Contains(keys, k) {
			k.revoke()
		}
	}
	return nil
}

// warnOfShort warns of tokens that strangers may guess: wrong ones are slowed down, but nothing keeps a right one out.
func (a *Plane) warnOfShort() {
	if a.plane.Private() {
		return
	}
	for _, k := range *a.keys.Load() {
		if len(k.token) < shortToken {
			a.log.Warn("a token of the admin plane is so short that it may be guessed, and other machines can reach the plane: write a longer one, as openssl rand -hex 16 makes",
				"flag", k.opens.flags(), "bytes", len(k.token), "enough", shortToken)
		}
	}
}

// shortToken is how many bytes are enough for a token.
const shortToken = 16

// cut returns the key for a token, an old one if it is there, none for an empty token.
func cut(token string, opens rights, before []*key) []*key {
	if token == "" {
		return nil
	}
	if i := slices.IndexFunc(before, func(k *key) bool { return k.token == token && k.opens == opens }); i >= 0 {
		return before[i : i+1]
	}
	ctx, revoke := context.WithCancel(context.Background())
	return []*key{{token: token, sum: sha256.Sum256([]byte(token)), opens: opens, ctx: ctx, revoke: revoke}}
}

// secure is how the plane speaks TLS, nil if it does not. It shows the certificate that is in force when a client comes.
func (a *Plane) secure() *tls.Config {
	if a.guard.Load().certificate.Files == nil {
		return nil
	}
	return trust.Server(func() *tls.Certificate { return a.guard.Load().certificate.Value() })
}
