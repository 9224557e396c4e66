// Package health asks a holter whether it is up, for what only knows commands and their exit codes: the health check of a
// container, in which there is no other program to ask with. It finds the admin plane by the same settings as the holter
// that it asks: flag, environment and configuration file.
//
// It makes one request and starts nothing. Only the command line uses it.
package health

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/alecthomas/kong"

	"holter/tui/cli/config"
)

// patience is how long the answer may take.
const patience = 5 * time.Second

// Command asks a holter for its health.
type Command struct {
	Admin     string         `default:"127.0.0.1:7071" placeholder:"HOST:PORT" help:"Address of the admin plane of the holter to ask, as that holter has it."`
	AdminCert string         `placeholder:"FILE" help:"Certificate of that admin plane, if it has one: it is asked over https then, and is not made to prove who it is."`
	Config    config.Options `embed:""`
}

// Help is shown by holter health --help.
func (Command) Help() string {
	return `It asks for /health of the admin plane, which needs no token. The exit code is 0 if a holter answers there that it is up, and 1 if not.`
}

// Validate is called by kong.
func (c Command) Validate() error {
	if c.Admin == "" {
		return errors.New("--admin is empty: a holter without an admin plane cannot be asked")
	}
	if _, _, err := net.SplitHostPort(c.Admin); err != nil {
		return fmt.Errorf("--admin %.100q is no address: write HOST:PORT, such as 127.0.0.1:7071", c.Admin)
	}
	return nil
}

// Run prints a line if the holter is up, and fails if not.
func (c Command) Run(ctx context.Context, k *kong.Kong) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	base := c.address()
	if err := ask(ctx, base); err != nil {
		return fmt.Errorf("%s: %w", base, err)
	}
	_, err := fmt.Fprintf(k.Stdout, "%s is up\n", base)
	return err
}

// address is where to ask. A plane that listens everywhere is asked on this machine.
func (c Command) address() *url.URL {
	host, port, _ := net.SplitHostPort(c.Admin)
	if a, err := netip.ParseAddr(host); host == "" || err == nil && a.IsUnspecified() {
		host = "localhost"
	}
	scheme := "http"
	if c.AdminCert != "" {
		scheme = "https"
	}
	return &url.URL{Scheme: scheme, Host: net.JoinHostPort(host, port)}
}

// ask asks once. The only answer that is good is that of a holter which is up.
func ask(ctx context.Context, base *url.URL) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, base.JoinPath("health").String(), http.NoBody)
	if err != nil {
		return err
	}
	client := http.Client{
		// No secret is sent, and nothing is learned but that it is up. The names in its certificate are those by which others reach it.
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(request)
	switch {
	case ctx.Err() != nil:
		return errors.New("no answer")
	case err != nil:
		return innermost(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("it answers %d", response.StatusCode)
	}
	var answer struct{ Status string }
	if err := json.NewDecoder(io.LimitReader(response.Body, 64<<10)).Decode(&answer); err != nil || answer.Status != "ok" {
		return errors.New("what answers there is no holter")
	}
	return nil
}

// innermost leaves out the address, which the caller names.
func innermost(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	if e, ok := errors.AsType[*net.OpError](err); ok {
		err = e.Err
	}
	return err
}
