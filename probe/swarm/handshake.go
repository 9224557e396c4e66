package swarm

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"syscall"

	"golang.org/x/net/http/httpguts"
)

// Handshake holds the flags for how clients connect.
type Handshake struct {
	Header      []string `secret:"" sep:"none" placeholder:"'NAME: VALUE'" help:"Header to add to the handshake; may be repeated."`
	Subprotocol []string `sep:"none" placeholder:"NAME" help:"Subprotocol to offer; may be repeated. As in a browser, a connection fails if the server chooses another one, or none of them."`
	SourceAddr  []string `name:"source-addr" sep:"," placeholder:"ADDRESS" help:"Address of this machine to connect from; by default the system chooses. With several, or a network such as 127.0.0.0/24, the clients take turns: one address has about 28000 ports towards one address of the server, so more clients need more of them."`
	Insecure    bool     `help:"Trust any certificate."`
	CA          string   `name:"ca" placeholder:"FILE" type:"path" help:"Trust the certificates in this PEM file instead of the system's."`
}

// Validate is called by kong.
func (h *Handshake) Validate() error {
	if h.Insecure && h.CA != "" {
		return errors.New("--insecure with --ca: the one trusts every server, the other one authority: give one or the other")
	}
	for _, name := range h.Subprotocol {
		if !httpguts.ValidHeaderFieldName(name) {
			return fmt.Errorf("--subprotocol %q: write a name without spaces and commas", name)
		}
	}
	if _, err := parseSources(h.SourceAddr); err != nil {
		return err
	}
	_, err := h.header()
	return err
}

// checkScheme returns an error if flags for TLS are given with an address that does not use it.
func (h *Handshake) checkScheme(address string) error {
	if !strings.HasPrefix(address, "wss:") && (h.Insecure || h.CA != "") {
		return fmt.Errorf("--insecure and --ca are for TLS: write wss:// instead of %s, or leave them out", displayed(address))
	}
	return nil
}

func (h *Handshake) header() (http.Header, error) {
	header := http.Header{}
	for _, line := range h.Header {
		name, value, ok := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		if !ok || !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(value) {
			name, _, _ = strings.Cut(name, " ") // what follows may be secret
			return nil, fmt.Errorf("--header %.40q…: write 'NAME: VALUE'", name)
		}
		if name = http.CanonicalHeaderKey(name); isReserved(name) {
			return nil, fmt.Errorf("--header %s: the handshake sets this header itself (--subprotocol offers subprotocols)", name)
		}
		header.Add(name, value)
	}
	return header, nil
}

// isReserved reports whether the WebSocket library writes the header.
func isReserved(name string) bool {
	return name == "Upgrade" || name == "Connection" || strings.HasPrefix(name, "Sec-Websocket-")
}

// apply sets the options that the flags are about.
func (h *Handshake) apply(o *Options) (err error) {
	o.Subprotocols = h.Subprotocol
	if o.Sources, err = parseSources(h.SourceAddr); err != nil {
		return err
	}
	if o.Header, err = h.header(); err != nil {
		return err
	}
	switch {
	case h.Insecure:
		o.TLS = &tls.Config{InsecureSkipVerify: true}
	case h.CA != "":
		o.TLS, err = trustFile(h.CA)
	}
	return err
}

// trustFile makes a TLS configuration that trusts the certificates in a PEM file, and no others.
func trustFile(path string) (*tls.Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read --ca: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("read --ca %s: there is no certificate in it", path)
	}
	return &tls.Config{RootCAs: pool}, nil
}

// parseURL reads the address of a WebSocket server. The error says what to write, and repeats no password.
func parseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	text = displayed(text)
	switch {
	case err != nil || u.Host == "" || (u.Scheme != "ws" && u.Scheme != "wss"):
		return nil, fmt.Errorf("swarm target %q: write ws://HOST:PORT/PATH or wss://…", text)
	case u.User != nil:
		return nil, fmt.Errorf("swarm target %s contains a password, which a WebSocket URL must not: write --header 'Authorization: …'", text)
	case u.Fragment != "":
		return nil, fmt.Errorf("swarm target %q: leave out what comes after #", text)
	}
	return u, nil
}

// userInfo is the beginning of an address with a user, and perhaps a password.
var userInfo = regexp.MustCompile(`^([^/?#]*//)[^/?#]*@`)

// displayed is the address as it stands in reports and errors: its user and the values in its query may be secret.
func displayed(address string) string {
	address = userInfo.ReplaceAllString(address, "${1}(not shown)@")
	address, query, found := strings.Cut(address, "?")
	if !found {
		return address
	}
	parameters := strings.Split(query, "&")
	for i, p := range parameters {
		if name, value, found := strings.Cut(p, "="); found && value != placeholder && value != escapedPlaceholder {
			parameters[i] = name + "=(not shown)"
		}
	}
	return address + "?" + strings.Join(parameters, "&")
}

// hint returns what may help after the first attempt has failed with err, to be appended to the error.
func hint(err error) string {
	if r, ok := errors.AsType[*refused](err); ok {
		switch {
		case r.status == http.StatusUnauthorized, r.status == http.StatusForbidden:
			return ": it may need --header 'Authorization: …' or --header 'Origin: …'"
		case r.status == http.StatusNotFound, r.status == http.StatusOK:
			return ": is this the path of a WebSocket endpoint?"
		case r.location != "":
			return ": clients do not follow that, so write the address of the WebSocket endpoint"
		}
		return ""
	}
	if isCertificateError(err) {
		return ": trust it with --ca FILE, or trust any certificate with --insecure"
	}
	switch {
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return ". " + adviseOnPorts()
	case errors.Is(err, errNoSource):
		return ": add one to --source-addr"
	case errors.Is(err, errSubprotocol):
		return ": offer it with --subprotocol"
	case errors.Is(err, errNoSubprotocol):
		return ": leave out --subprotocol, or write one that it knows"
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return ": the server does not speak TLS, so write ws://"
	}
	return ""
}
