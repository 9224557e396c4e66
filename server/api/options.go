package api

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"

	"holter/probe/trust"
)

// Options are the settings of a command that attaches to another holter.
type Options struct {
	URL    string `arg:"" help:"Address of the other holter's admin plane, such as http://127.0.0.1:7071."`
	Access `embed:""`
}

// Help is shown by holter attach --help.
func (Options) Help() string {
	return `The screen is the one that the other holter would have shown. It stays when the other holter is gone, and goes on when that is back. With the token of --read-token it shows, and changes nothing.

Examples:

    holter attach 127.0.0.1:7071
    HOLTER_TOKEN=secret holter attach https://ops.example/holter
    holter attach --ca ca.pem --token-file token https://10.0.0.7:7071`
}

// Validate is called by kong.
func (o Options) Validate() error {
	if o.URL == "" {
		return nil // kong says it better
	}
	_, err := ParseAddress(o.URL)
	return cmp.Or(err, o.Access.Validate())
}

// Access is how a command gets into another holter.
type Access struct {
	Token     string `secret:"" placeholder:"SECRET" help:"Token that the other holter was started with."`
	TokenFile string `type:"existingfile" placeholder:"FILE" help:"File with that token, in place of --token. It is read anew when it changes; a pipe, as in --token-file <(command), once."`
	CA        string `name:"ca" type:"existingfile" placeholder:"FILE" help:"Trust the certificates in this PEM file instead of the system's, for an address with https://."`
	Insecure  bool   `help:"Trust any certificate."`
}

// Validate refuses flags that contradict each other. The error says what to write instead.
func (a Access) Validate() error {
	switch {
	case a.Token != "" && a.TokenFile != "":
		return errors.New("--token with --token-file: give one or the other")
	case a.Insecure && a.CA != "":
		return errors.New("--insecure with --ca: the one trusts every server, the other one authority: give one or the other")
	}
	if err := trust.ValidSecret(a.Token); err != nil {
		return fmt.Errorf("--token: %w", err)
	}
	return nil
}

// Attach reads the first picture of the holter at an address: see ParseAddress. The error says in one sentence what to write
// instead, or what is wrong there.
func (a Access) Attach(ctx context.Context, address string) (*Remote, error) {
	base, err := ParseAddress(address)
	if err := cmp.Or(err, a.Validate()); err != nil {
		return nil, err
	}
	if base.Scheme != "https" && (a.Insecure || a.CA != "") {
		return nil, fmt.Errorf("--insecure and --ca are for TLS: write https://%s instead of %s, or leave them out", base.Host, base)
	}
	c := newCaller(base, a.Token)
	if err := a.prepare(c); err != nil {
		return nil, err
	}
	return attach(ctx, c)
}

// prepare gives a caller the token and the authorities of the files.
func (a Access) prepare(c *caller) error {
	if a.TokenFile != "" {
		token, err := trust.Secret("--token-file", a.TokenFile)
		if err != nil {
			return err
		}
		c.token = token
	}
	switch {
	case a.Insecure:
		c.transport().TLSClientConfig = &tls.Config{InsecureSkipVerify: true}
	case a.CA != "":
		authorities, err := trust.ReadAuthorities("--ca", a.CA)
		if err != nil {
			return err
		}
		c.transport().TLSClientConfig = authorities.Within(&tls.Config{})
	}
	return nil
}
