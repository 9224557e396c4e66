package api

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"holter/server/redact"
)

// ParseAddress parses the address of an admin plane: http://host:7071, or only HOST:PORT. Behind a proxy it may
// be https:// and have a path. The error says what to write.
func ParseAddress(address string) (*url.URL, error) {
	const example = "write one such as http://127.0.0.1:7071"
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	u, err := url.Parse(address)
	address = redact.Address(address) // for the errors
	switch {
	case err != nil || u.Hostname() == "":
		return nil, fmt.Errorf("%.100q is not the address of an admin plane: %s", address, example)
	case u.Scheme == "ws" || u.Scheme == "wss":
		return nil, fmt.Errorf("%.100q is where clients connect, not the admin plane: %s", address, example)
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("%.100q: the admin plane speaks http: %s", address, example)
	case u.User != nil:
		return nil, errors.New("leave user and password out of the address, and write --token-file FILE")
	case u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("%.100q has something after the path: %s", address, example)
	}
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), ""
	return u, nil
}
