package command

import (
	"log/slog"

	"holter/model"
	"holter/probe/compare"
	"holter/server"
)

// Compared makes a monitor that holter compare measures: the one that ships, without a log.
func Compared(s compare.Settings) compare.Monitor {
	m := server.New(server.Options{Scheme: s.Scheme, Interval: s.Interval, OnFail: model.OnFailClose, Logger: slog.New(slog.DiscardHandler)})
	return compare.Monitor{Wrap: m.Wrap, Run: m.Run, Events: m.Source().Events}
}
