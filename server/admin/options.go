package admin

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"holter/probe/trust"
	"holter/server/plane"
)

// Options say where a plane listens, which callers it answers, and how often.
type Options struct {
	Address string // "" for no plane
	Token   string // "" for none
	Access
	Limits
}

// Access has the flags for the callers of the admin plane, beside --admin and --token.
type Access struct {
	TokenFile     string   `reload:"" type:"existingfile" placeholder:"FILE" help:"File with the token, in place of --token: so it is on no command line. It is read anew when it changes."`
	ReadToken     string   `reload:"" secret:"" placeholder:"SECRET" help:"A second token, for callers that may see everything and change nothing."`
	ReadTokenFile string   `reload:"" type:"existingfile" placeholder:"FILE" help:"File with that token, in place of --read-token. It is read anew when it changes."`
	AdminCert     string   `reload:"" type:"existingfile" placeholder:"FILE" help:"Certificate of the admin plane (PEM); with --admin-key. Both are read anew when they change."`
	AdminKey      string   `reload:"" type:"existingfile" placeholder:"FILE" help:"Key of the admin plane's certificate (PEM)."`
	AdminHosts    []string `reload:"" name:"admin-host" placeholder:"NAME" help:"Name, or NAME:PORT, under which the admin plane is asked by a reverse proxy in front of it; repeatable. On a loopback address every other name is refused, as that of a page whose author lets its name point here."`
}

// Validate refuses options that make no sense, with an error that says what to write instead. It wants a token if other
// machines can reach the address.
func (o Options) Validate() error {
	if o.Address == "" {
		return nil
	}
	host, _, err := plane.SplitAddress("--admin", o.Address)
	if err != nil {
		return err
	}
	if !o.Locked() && !plane.Loopback(host) {
		return fmt.Errorf("--admin %s can be reached from other machines: add --token-file FILE or --token SECRET, or write a loopback address such as 127.0.0.1:7071", o.Address)
	}
	return cmp.Or(o.validTokens(), trust.ValidPair("--admin-cert", o.AdminCert, "--admin-key", o.AdminKey), o.validHosts())
}

// Locked reports whether there is a token.
func (o Options) Locked() bool {
	return o.Token != "" || o.TokenFile != "" || o.ReadToken != "" || o.ReadTokenFile != ""
}

func (o Options) validTokens() error {
	switch {
	case o.Token != "" && o.TokenFile != "":
		return errors.New("--token with --token-file: give one or the other")
	case o.ReadToken != "" && o.ReadTokenFile != "":
		return errors.New("--read-token with --read-token-file: give one or the other")
	case o.Token != "" && o.Token == o.ReadToken:
		return errSameTokens
	}
	for _, t := range []struct{ flag, secret string }{{"--token", o.Token}, {"--read-token", o.ReadToken}} {
		if err := trust.ValidSecret(t.secret); err != nil {
			return fmt.Errorf("%s: %w", t.flag, err)
		}
	}
	return nil
}

var errSameTokens = errors.New("the token that only reads is the same as --token: write another")

func (o Options) validHosts() error {
	for _, name := range o.AdminHosts {
		host, port, err := net.SplitHostPort(name)
		if err == nil {
			_, err = strconv.ParseUint(port, 10, 16)
		} else if !strings.Contains(name, ":") {
			host, err = name, nil
		}
		if err != nil || host == "" || strings.ContainsAny(host, "/*@?# ") {
			return fmt.Errorf("--admin-host %.80q is no name: write it as it stands in an address, such as ops.example or ops.example:8443", name)
		}
	}
	return nil
}
