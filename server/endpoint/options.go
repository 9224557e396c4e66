package endpoint

import (
	"fmt"
	"net/url"

	"holter/server/plane"
)

// Options set up the endpoint of holter serve.
type Options struct {
	plane.ListenOptions `embed:"" set:"header_limit=65536"`
	AllowOrigin         []string `placeholder:"ORIGIN" help:"Origins that may open a WebSocket beside the page's own, such as https://app.example; * for all."`
	TrustedProxies      []string `placeholder:"CIDR" help:"Networks of the proxies in front of holter: X-Forwarded-For of theirs names the client. That of anyone else could be forged."`
	ReadLimit           int64    `default:"1048576" placeholder:"BYTES" help:"Longest message that is accepted, in bytes."`
}

// Help is shown by holter serve --help.
func (Options) Help() string {
	return `Clients connect to the data plane (--listen). The admin plane (--admin) tells about them: health, API and events. A beat is a ping and the pong that answers it, or the JSON message of a client that cannot send pings.

Every flag can also be set in the environment (--max-conns as HOLTER_MAX_CONNS) and in a configuration file (max-conns: 100). Flags win over the environment, the environment over the file. Without a screen, SIGHUP has the file read anew. holter config check finds mistakes in it, and holter config show says where each setting comes from.

Examples:

    holter --demo 200
    holter serve --listen :7070 --allow-origin https://app.example
    holter serve --headless --log-format json | jq .
    HOLTER_INTERVAL=1s holter serve --config holter.yaml --profile staging

A holter.yaml. Without --config the one of this directory is taken, which may not open a port to other machines then:

    interval: 2s
    profiles:
      staging: {listen: "0.0.0.0:7070", headless: true}`
}

// Validate refuses settings that are out of range or contradict each other, as Options.Validate does.
func (d Options) Validate() error {
	if err := d.ListenOptions.Validate(); err != nil {
		return err
	}
	if _, err := plane.ParseTrusted("--trusted-proxies", d.TrustedProxies); err != nil {
		return err
	}
	for _, origin := range d.AllowOrigin {
		if err := validOrigin(origin); err != nil {
			return err
		}
	}
	if d.ReadLimit <= 0 {
		return fmt.Errorf("--read-limit is %d: write the bytes of the longest message to accept, such as 1048576", d.ReadLimit)
	}
	return nil
}

// validOrigin wants an origin as a browser sends it (RFC 6454 section 6.1), or *.
func validOrigin(origin string) error {
	if origin == "*" {
		return nil
	}
	u, err := url.Parse(origin)
	if err != nil || u.Scheme == "" || u.Host == "" || u.Scheme+"://"+u.Host != origin {
		return fmt.Errorf("--allow-origin %q is no origin: write scheme://host[:port] and nothing after it, such as https://app.example, or * for all", origin)
	}
	return nil
}
