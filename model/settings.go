package model

import "fmt"

// Scheme is which end beats.
type Scheme string

const (
	SchemeBoth   Scheme = "both"
	SchemeServer Scheme = "server" // only holter pings
	SchemeClient Scheme = "client" // only the client pings
	SchemeNone   Scheme = "none"   // holter watches and sends nothing
)

// ServerBeats reports whether holter beats.
func (s Scheme) ServerBeats() bool { return s == SchemeBoth || s == SchemeServer }

// ClientBeats reports whether the end of the client's own beats is evidence against it.
func (s Scheme) ClientBeats() bool { return s == SchemeBoth || s == SchemeClient }

// Validate returns an error for an unknown scheme. It lists the known ones.
func (s Scheme) Validate() error {
	switch s {
	case SchemeBoth, SchemeServer, SchemeClient, SchemeNone:
		return nil
	}
	return fmt.Errorf("unknown scheme %q: write both, server, client or none", string(s))
}

// OnFail is what happens to a connection that has failed.
type OnFail string

const (
	OnFailClose   OnFail = "close"   // the socket is closed
	OnFailObserve OnFail = "observe" // it is only reported
)

// Validate returns an error for an unknown value. It lists the known ones.
func (o OnFail) Validate() error {
	if o == OnFailClose || o == OnFailObserve {
		return nil
	}
	return fmt.Errorf("unknown on-fail %q: write close or observe", string(o))
}
