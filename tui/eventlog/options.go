package eventlog

import (
	"io"
	"log/slog"
)

// Options say how log lines look.
type Options struct {
	LogFormat string `enum:"text,json" default:"text" help:"How log lines look: text or json."`
}

// Logger writes lines of that look to w.
func (o Options) Logger(w io.Writer) *slog.Logger {
	if o.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, nil))
	}
	return slog.New(slog.NewTextHandler(w, nil))
}
