package config

import (
	"log/slog"
	"net"
	"net/netip"
	"path/filepath"

	"github.com/alecthomas/kong"

	"holter/model/yaml"
)

// here is the file that is taken from the current directory. It may have come there with somebody else's code, and holter
// may have been started there for another reason. So by itself it opens nothing to other machines, lets nobody in, trusts
// nothing more, runs no command and sends nothing away that is known of clients.
const here = "holter.yaml"

// risky are the settings that such a file may not have, with what each would do.
var risky = map[string]string{
	"token":           "sets a token",
	"token-file":      "sets a token",
	"read-token":      "sets a token",
	"read-token-file": "sets a token",
	"admin-host":      "lets pages of another name into the admin plane",
	"metrics-open":    "shows metrics without the token",
	"show-secrets":    "shows secrets",

	"alert-command": "runs a command",
	"alert-webhook": "sends alerts elsewhere",
	"alertmanager":  "sends alerts elsewhere",
	"alert-secret":  "sets a secret",
	"junit":         "writes a file",

	"ca":                   "trusts other certificates",
	"health-ca":            "trusts other certificates",
	"jwt-ca":               "trusts other certificates",
	"upstream-ca":          "trusts other certificates",
	"upstream-server-name": "trusts other certificates",
	"insecure":             "trusts any certificate",
	"insecure-health":      "trusts any certificate",
	"insecure-upstream":    "trusts any certificate",

	"jwt-key":       "lets clients in with other tokens",
	"jwt-jwks":      "lets clients in with other tokens",
	"jwt-leeway":    "lets clients in with tokens that have expired",
	"jwt-unlimited": "lets clients in with tokens that never expire",

	"allow-origin":          "lets pages of other sites in",
	"trusted-proxies":       "believes what others say of addresses",
	"health-header":         "sends a secret elsewhere",
	"upstream-probe-header": "sends a secret elsewhere",
}

// mayNot returns an error if a file that was only found sets a flag to what it may not.
func (f *file) mayNot(flag *kong.Flag, node yaml.Node) error {
	if !f.found {
		return nil
	}
	does := risky[flag.Name]
	if (flag.Name == "listen" || flag.Name == "admin") && node.IsText() && !loopback(node.Text()) {
		does = "opens a port to other machines"
	}
	if does == "" {
		return nil
	}
	return node.Errorf("%s %s, which a file that was only found in this directory may not do: add --config %s if you mean it", flag.Name, does, f.path)
}

// loopback reports whether only this machine can reach an address, or whether there is none.
func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return address == ""
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.Unmap().IsLoopback()
}

// Tell logs which file the settings are from, if there is one.
func (o *Options) Tell(log *slog.Logger) {
	if o.file == nil {
		return
	}
	path, err := filepath.Abs(o.file.path)
	if err != nil {
		path = o.file.path
	}
	message := "settings from a file"
	if o.file.found {
		message = "settings from the file that is in this directory"
	}
	log.Info(message, "files", path)
}
