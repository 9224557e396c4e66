// Package model is the domain: what a connection, a beat, a state and an event are, and everything
// that can be said about them without a clock, a goroutine or a socket. Time comes in as an argument.
package model
