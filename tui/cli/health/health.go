// Package health asks a holter whether it is up, for what only knows commands and their exit codes: the health check of a
// container, in which there is no other program to ask with. It finds the admin plane by the same settings as the holter
// that it asks: flag, environment and configuration file; or it is given the address of one elsewhere.
//
// It makes one request and starts nothing. Only the command line uses it.
package health

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"holter/tui/cli/config"
)

// patience is how long the answer may take.
const patience = 5 * time.Second

// Command asks a holter for its health.
type Command struct {
	URL       string         `arg:"" name:"url" optional:"" help:"Address of the admin plane of a holter elsewhere, as holter attach has it, such as https://ops.example/holter; in place of --admin."`
	Admin     string         `default:"127.0.0.1:7071" placeholder:"HOST:PORT" help:"Address of the admin plane of the holter to ask, as that holter has it."`
	AdminCert string         `placeholder:"FILE" help:"Certificate of that admin plane, if it has one: it is asked over https then, and is not made to prove who it is."`
	CA        string         `name:"ca" type:"existingfile" placeholder:"FILE" help:"Trust the certificates in this PEM file instead of the system's, for an address with https://."`
	Insecure  bool           `help:"Trust any certificate."`
	Config    config.Options `embed:""`
}

// Help is shown by holter health --help.
func (Command) Help() string {
	return `It asks for /health of the admin plane, which needs no token. The exit code is 0 if a holter answers there that it is up, and 1 if not.

Examples:

    holter health
    holter health --admin :7071 --admin-cert cert.pem
    holter health --ca ca.pem https://box.example:7071`
}

// Validate is called by kong.
func (c Command) Validate() error {
	if c.URL != "" {
		return c.validURL()
	}
	if c.Admin == "" {
		return errors.New("--admin is empty: a holter without an admin plane cannot be asked")
	}
	if _, _, err := net.SplitHostPort(c.Admin); err != nil {
		return fmt.Errorf("--admin %.100q is no address: write HOST:PORT, such as 127.0.0.1:7071", c.Admin)
	}
	return nil
}

// validURL refuses what is not the address of a holter elsewhere. The error repeats nothing that may be a password.
func (c Command) validURL() error {
	u, err := url.Parse(c.URL)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return errors.New("this is not the address of an admin plane: write one such as https://box.example:7071")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return errors.New("leave out what is no host and path of the address: no token is needed")
	case c.Insecure && c.CA != "":
		return errors.New("--insecure with --ca: the one trusts every server, the other one authority: give one or the other")
	}
	return nil
}

// Run prints a line if the holter is up, and fails if not.
func (c Command) Run(ctx context.Context, k *kong.Kong) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	base := c.address()
	trusted, err := c.trusted()
	if err != nil {
		return err
	}
	if err := ask(ctx, base, trusted); err != nil {
		return fmt.Errorf("%s: %w", base, err)
	}
	_, err = fmt.Fprintf(k.Stdout, "%s is up\n", base)
	return err
}

// address is where to ask. A plane that listens everywhere is asked on this machine.
func (c Command) address() *url.URL {
	if u, err := url.Parse(c.URL); c.URL != "" && err == nil {
		return u
	}
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

// trusted says whose certificates are trusted.
func (c Command) trusted() (*tls.Config, error) {
	if c.URL == "" || c.Insecure {
		// No secret is sent, and nothing is learned but that it is up. The names in its certificate are those by which others reach it.
		return &tls.Config{InsecureSkipVerify: true}, nil
	}
	if c.CA == "" {
		return &tls.Config{}, nil
	}
	text, err := os.ReadFile(c.CA)
	if err != nil {
		return nil, fmt.Errorf("read --ca: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("read --ca %s: there is no certificate in it", c.CA)
	}
	return &tls.Config{RootCAs: pool}, nil
}

// ask asks once. The only answer that is good is that of a holter which is up.
func ask(ctx context.Context, base *url.URL, trusted *tls.Config) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, base.JoinPath("health").String(), http.NoBody)
	if err != nil {
		return err
	}
	client := http.Client{
		Transport:     &http.Transport{TLSClientConfig: trusted, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(request)
	switch {
	case ctx.Err() != nil:
		return errors.New("no answer")
	case err != nil:
		return fmt.Errorf("%w%s", innermost(err), hint(err))
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return refused(response)
	}
	var answer struct{ Status string }
	if err := json.NewDecoder(io.LimitReader(response.Body, 64<<10)).Decode(&answer); err != nil || answer.Status != "ok" {
		return errors.New("what answers there is no holter")
	}
	return nil
}

// refused says what may be wrong with where was asked, by an answer with a status other than 200.
func refused(response *http.Response) error {
	body, _ := io.ReadAll(io.LimitReader(response.Body, 1<<10))
	switch {
	case response.StatusCode == http.StatusBadRequest && strings.Contains(string(body), "HTTP request to an HTTPS server"):
		return errors.New("it speaks TLS: write --admin-cert FILE, as the holter has it, or an address with https://")
	case response.StatusCode == http.StatusNotFound:
		return errors.New("it answers 404, and is not the admin plane of a holter: write the address of its flag --admin, by default port 7071")
	}
	return fmt.Errorf("it answers %d", response.StatusCode)
}

// hint is what may mend a handshake of TLS, as the end of a sentence.
func hint(err error) string {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return ": --ca FILE names certificates to trust, --insecure trusts any"
	}
	if strings.Contains(err.Error(), "server gave HTTP response to HTTPS client") {
		return ": it does not speak TLS, so leave --admin-cert out, or write http://"
	}
	return ""
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
