package model

import "fmt"

// Scheme says which end beats.
type Scheme string

const (
	SchemeBoth   Scheme = "both"
	SchemeServer Scheme = "server" // only holter pings
	SchemeClient Scheme = "client" // only the client does
	SchemeNone   Scheme = "none"   // holter watches and sends nothing
)

// ServerBeats reports whether holter sends pings.
func (s Scheme) ServerBeats() bool { return s == SchemeBoth || s == SchemeServer }

// ClientBeats reports whether the client's own beats are held against it when they stop.
func (s Scheme) ClientBeats() bool { return s == SchemeBoth || s == SchemeClient }

// Validate answers an unknown scheme with the known ones.
func (s Scheme) Validate() error {
	switch s {
	case SchemeBoth, SchemeServer, SchemeClient, SchemeNone:
		return nil
	}
	return fmt.Errorf("unknown scheme %q: write both, server, client or none", string(s))
}

// OnFail says what becomes of a connection that has failed.
type OnFail string

const (
	OnFailClose   OnFail = "close"   // the socket is closed
	OnFailObserve OnFail = "observe" // it is only reported
)

// Validate answers an unknown value with the known ones.
func (o OnFail) Validate() error {
	if o == OnFailClose || o == OnFailObserve {
		return nil
	}
	return fmt.Errorf("unknown on-fail %q: write close or observe", string(o))
}
