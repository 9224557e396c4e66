// Package command is a monitor as the command holter runs it: with what an application that embeds one would have to ask
// for. Package server stays light by that: whatever it imports, every such application carries along.
//
// The package has the flags for these parts, and hands the parts to the monitor. It starts nothing itself, but it sets the bound of the process's memory. Only package main
// imports it.
package command

import (
	"cmp"
	"fmt"
	"io"

	"holter/model/reload"
	"holter/probe/process"
	"holter/server"
	"holter/server/bearer"
	"holter/server/metrics"
)

// Options set a monitor up, and what the command adds to it.
type Options struct {
	server.Options `embed:"" set:"max_memory=80%"`
	HealthOptions  `embed:"" group:"Services:"`
	JWT            bearer.Options `embed:"" prefix:"jwt-" group:"Tokens of clients:"`

	guard *bearer.Guard // that New has made; nil for none
}

// Validate refuses settings that make no sense. The error says what to write instead.
func (o Options) Validate() error {
	return cmp.Or(o.Options.Validate(), o.HealthOptions.Validate(), o.JWT.Validate())
}

// Warn writes a warning for each setting that is allowed and will not work.
func (o Options) Warn(to io.Writer) {
	if err := process.CanOpen(o.MaxConns); err != nil {
		fmt.Fprintln(to, "holter: warning: --max-conns:", err)
	}
}

// Prepare makes m, which New has made of o, ready for the settings that o has now: see package reload.
func (o *Options) Prepare(m *server.Monitor) (reload.Commit, error) {
	steps := []reload.Step{reload.Of(m, o.Options)}
	if o.guard != nil {
		steps = append(steps, reload.Of(o.guard, o.JWT))
	}
	return reload.All(steps...)
}

// New makes a monitor, and bounds the memory of the process.
func New(o *Options) (*server.Monitor, error) {
	if o.JWT.Given() {
		guard, err := bearer.New(o.JWT, o.Logger)
		if err != nil {
			return nil, err
		}
		o.guard, o.Guard = guard, guard
	}
	o.BoundMemory = func(bytes uint64) { process.BoundMemory(uint64(float64(bytes) * collectFrom)) }
	m := metrics.Serve(server.New(o.Options))
	return m, o.HealthOptions.watch(m)
}

// collectFrom is the part of --max-memory from which on garbage is collected more often: less than that at which
// handshakes are refused.
const collectFrom = 0.85
