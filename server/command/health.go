package command

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"holter/probe/health"
	"holter/probe/trust"
	"holter/server"
	"holter/server/redact"
	"holter/server/services"
)

// HealthOptions say which services are asked for their health over HTTP.
type HealthOptions struct {
	Health         []string `sep:"none" placeholder:"[NAME=]URL" help:"Ask this URL for its health again and again: a status from 200 to 299 is good, and redirects are not followed. May be given more than once. The name is what the service is called, also in the metrics; the default is host, port and path."`
	HealthHeader   []string `secret:"" sep:"none" placeholder:"[NAME=]FIELD:VALUE" help:"Header field of the questions, such as 'Authorization: Bearer SECRET', or only of those to the service NAME. May be given more than once."`
	HealthCA       string   `name:"health-ca" type:"existingfile" placeholder:"FILE" help:"Certificates to trust of services, beside the system's (PEM)."`
	InsecureHealth bool     `help:"Accept any certificate from the services that are asked."`
}

// mostTargets bounds the services that are asked: each takes a goroutine.
const mostTargets = 200

// Validate refuses settings that make no sense. The error says what to write instead.
func (o HealthOptions) Validate() error {
	_, err := o.targets()
	return err
}

// watch gives the services to a monitor.
func (o HealthOptions) watch(m *server.Monitor) error {
	targets, err := o.targets()
	if err != nil {
		return err
	}
	for _, t := range targets {
		if err := m.Watch(t.id, t.shown, health.NewHTTP(t.check)); err != nil {
			return err
		}
	}
	return nil
}

// target is a service that --health names.
type target struct {
	id    string
	url   *url.URL
	shown string // the URL without what may be secret
	check health.Settings
}

// targets are the services that are asked over HTTP.
func (o HealthOptions) targets() ([]*target, error) {
	if len(o.Health) > mostTargets {
		return nil, fmt.Errorf("--health is given %d times: write at most %d", len(o.Health), mostTargets)
	}
	secure, err := o.tls()
	if err != nil {
		return nil, err
	}
	all := make([]*target, 0, len(o.Health))
	for _, text := range o.Health {
		t, err := parseTarget(text)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(all, func(other *target) bool { return other.id == t.id }) {
			return nil, fmt.Errorf("--health names %s twice: write NAME=URL with different names", t.id)
		}
		t.check = health.Settings{URL: t.url.String(), Header: http.Header{}, TLS: secure}
		all = append(all, t)
	}
	return all, o.addHeaders(all)
}

// parseTarget parses [NAME=]URL.
func parseTarget(text string) (*target, error) {
	name, address, named := strings.Cut(text, "=")
	if !named || strings.ContainsAny(name, ":/?") {
		name, address = "", text
	}
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("--health %.80q is no URL: write http://HOST:PORT/PATH, or NAME= and that", redact.Address(text))
	}
	if name == "" {
		name = strings.TrimSuffix(u.Host+u.EscapedPath(), "/")
	}
	if err := services.ValidID(name); err != nil {
		return nil, fmt.Errorf("--health: %w", err)
	}
	return &target{id: name, url: u, shown: redact.Address(address)}, nil
}

// addHeaders gives the targets their header fields.
func (o HealthOptions) addHeaders(all []*target) error {
	for _, text := range o.HealthHeader {
		of, field, value, err := parseHeader(text)
		if err != nil {
			return err
		}
		meant := 0
		for _, t := range all {
			if of == "" || of == t.id {
				t.check.Header.Add(field, value)
				meant++
			}
		}
		if meant == 0 && of != "" {
			return fmt.Errorf("--health-header is for the service %.80q, which no --health names", of)
		}
	}
	return nil
}

// parseHeader parses [NAME=]FIELD:VALUE. An error does not show the value.
func parseHeader(text string) (of, field, value string, err error) {
	head, rest, _ := strings.Cut(text, ":")
	if i := strings.LastIndexByte(head, '='); i >= 0 {
		of, text = head[:i], head[i+1:]+":"+rest
	}
	if field, value, err = health.ParseField(text); err != nil {
		err = fmt.Errorf("--health-header %w, or NAME=FIELD:VALUE", err)
	}
	return of, field, value, err
}

// tls is how services are asked over https, nil for the usual way.
func (o HealthOptions) tls() (*tls.Config, error) {
	switch {
	case o.HealthCA != "" && o.InsecureHealth:
		return nil, fmt.Errorf("--health-ca with --insecure-health: the second trusts every server: give one or the other")
	case o.InsecureHealth:
		return &tls.Config{InsecureSkipVerify: true}, nil
	case o.HealthCA == "":
		return nil, nil
	}
	authorities, err := trust.OpenAuthorities("--health-ca", o.HealthCA)
	if err != nil {
		return nil, err
	}
	return authorities.Within(&tls.Config{}), nil
}
