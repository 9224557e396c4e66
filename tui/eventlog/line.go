package eventlog

import (
	"log/slog"
	"time"

	"holter/model"
)

// line is an event in words.
type line struct {
	level   slog.Level
	message string
	attrs   []slog.Attr
}

// describe words an event. Samples of the host are no news, and have no line.
func describe(e *model.Event) (line, bool) {
	switch e.Type {
	case model.ConnectionOpened:
		return line{slog.LevelInfo, "connection opened", opened(e.Connection)}, true
	case model.ConnectionClosed:
		return line{slog.LevelInfo, "connection closed", closed(e.Connection)}, true
	case model.StateChanged:
		return line{level(e.To), "connection " + e.To.String(), changed(e)}, true
	case model.ConnectionRefused:
		return line{slog.LevelWarn, "connection refused", refused(e.Refusal)}, true
	case model.TokenExpiring:
		return line{slog.LevelInfo, "token expires", append(who(e.Connection), slog.Time("expires_at", e.Connection.Expires.UTC()))}, true
	case model.RequestRefused:
		return line{slog.LevelWarn, "request refused", append(refused(e.Refusal), slog.Uint64("count", e.Count))}, true
	case model.FaultSet:
		return line{slog.LevelInfo, "faults set", append(who(e.Connection), slog.String("faults", e.Connection.Faults.String()))}, true
	case model.StormStarted:
		return line{slog.LevelWarn, "storm started", stormStarted(e.Storm)}, true
	case model.StormFlapping:
		return line{slog.LevelWarn, "storm does not end: clients flap", stormFlapping(e.Storm)}, true
	case model.StormEnded:
		return line{slog.LevelInfo, "storm ended", stormEnded(e.Storm)}, true
	case model.WarningRaised:
		level := slog.LevelWarn
		if e.Warning.Urgency == model.Hint {
			level = slog.LevelInfo
		}
		return line{level, string(e.Warning.Kind), warned(e.Warning)}, true
	case model.AlertChanged:
		if e.Alert.BuiltIn { // these are for the screen: the log has lines of its own for what they are about
			return line{}, false
		}
		level := slog.LevelInfo
		if e.Alert.State == model.AlertFiring {
			level = slog.LevelWarn
		}
		return line{level, "alert " + string(e.Alert.State), alerted(e.Alert)}, true
	case model.CohortFound:
		level := slog.LevelWarn
		if e.Cohort.Farewell() {
			level = slog.LevelInfo
		}
		return line{level, "cohort found", grouped(e.Cohort)}, true
	case model.CauseFound:
		return line{slog.LevelInfo, "cause found", understood(e.Connection)}, true
	case model.ServiceChanged:
		return line{level(e.To), "service " + e.To.String(), serviceChanged(e)}, true
	case model.ConfigReloaded:
		if e.Reload.Error != "" {
			return line{slog.LevelWarn, "settings not reloaded", append(reloaded(e.Reload), slog.String("error", e.Reload.Error))}, true
		}
		if e.Reload.Warning != "" {
			return line{slog.LevelWarn, "settings reloaded", append(reloaded(e.Reload), slog.String("warning", e.Reload.Warning))}, true
		}
		return line{slog.LevelInfo, "settings reloaded", reloaded(e.Reload)}, true
	case model.HostLate:
		return line{slog.LevelWarn, "holter was late", late(e.Late)}, true
	case model.Dropped:
		return line{slog.LevelWarn, "events lost", []slog.Attr{slog.Uint64("count", e.Count)}}, true
	}
	return line{}, false
}

func level(s model.State) slog.Level {
	if s.Trouble() {
		return slog.LevelWarn
	}
	return slog.LevelInfo
}

func who(c *model.Connection) []slog.Attr {
	return []slog.Attr{
		slog.String("connection", c.ID.String()),
		slog.String("client", c.Client),
		slog.Int("generation", c.Generation),
		slog.String("remote", model.Address(c.Remote)),
	}
}

func opened(c *model.Connection) []slog.Attr {
	return append(who(c), slog.String("path", c.Path))
}

func closed(c *model.Connection) []slog.Attr {
	attrs := who(c)
	if c.Close == nil {
		return attrs
	}
	attrs = append(attrs,
		slog.Int("code", c.Close.Code),
		slog.String("reason", c.Close.Reason),
		slog.String("by", c.Close.By.String()),
		milliseconds("age_ms", c.Age(c.Close.At)),
	)
	if p := c.Close.Parting; p.How != model.SignNone {
		attrs = append(attrs, slog.String("first", p.First.String()), slog.String("how", p.How.String()))
	}
	if c.Diagnosis.Cause.ByCohort() {
		attrs = append(attrs, slog.String("cause", string(c.Diagnosis.Cause)))
	}
	if c.Late > 0 {
		attrs = append(attrs, milliseconds("late_ms", c.Late))
	}
	return attrs
}

func grouped(c *model.Cohort) []slog.Attr {
	return []slog.Attr{
		slog.Int("cohort", c.ID),
		slog.String("kind", string(c.Kind)),
		slog.String("cause", string(c.Cause)),
		slog.Int("count", c.Count),
		slog.Int("of", c.Of),
		slog.String("detail", c.Detail),
	}
}

func alerted(a *model.Alert) []slog.Attr {
	var labels []any
	for _, l := range a.Labels {
		if l.Name != "alertname" {
			labels = append(labels, slog.String(l.Name, l.Value))
		}
	}
	attrs := []slog.Attr{slog.String("rule", a.Rule), slog.Float64("value", a.Value), slog.String("detail", a.Detail)}
	if len(labels) > 0 {
		attrs = append(attrs, slog.Group("labels", labels...))
	}
	if a.State == model.AlertResolved {
		attrs = append(attrs, milliseconds("for_ms", a.Resolved.Sub(a.Fired)))
	}
	return attrs
}

func understood(c *model.Connection) []slog.Attr {
	return append(who(c), slog.String("cause", string(c.Diagnosis.Cause)), slog.String("detail", c.Diagnosis.Detail))
}

func late(l *model.Lateness) []slog.Attr {
	return []slog.Attr{
		slog.String("kind", string(l.Kind)),
		milliseconds("for_ms", l.For),
		slog.Int("times", l.Times),
		milliseconds("total_ms", l.Total),
		slog.String("detail", l.String()),
	}
}

func warned(w *model.Warning) []slog.Attr {
	attrs := []slog.Attr{slog.String("urgency", w.Urgency.String()), slog.Int("touched", w.Touched)}
	if w.Path != "" {
		attrs = append(attrs, slog.String("path", w.Path), slog.String("upstream", w.Upstream))
	}
	if w.Agent != "" {
		attrs = append(attrs, slog.String("user_agent", w.Agent))
	}
	if w.Client != "" {
		attrs = append(attrs, slog.String("client", w.Client), slog.Int("connections", w.Connections),
			slog.Int("addresses", w.Addresses), slog.String("identity", w.Identity))
	}
	return append(attrs, slog.String("detail", w.Detail))
}

func changed(e *model.Event) []slog.Attr {
	attrs := append(who(e.Connection),
		slog.String("from", e.From.String()),
		milliseconds("silence_ms", e.Connection.Silence),
		milliseconds("timeout_ms", e.Connection.Timeout),
	)
	if e.Connection.Late > 0 {
		attrs = append(attrs, milliseconds("late_ms", e.Connection.Late))
	}
	if d := e.Connection.Diagnosis; d.Cause != "" {
		attrs = append(attrs, slog.String("cause", string(d.Cause)), slog.String("detail", d.Detail))
	}
	return attrs
}

func serviceChanged(e *model.Event) []slog.Attr {
	s := e.Service
	attrs := []slog.Attr{slog.String("service", s.ID), slog.String("from", e.From.String()), slog.String("kind", string(s.Kind))}
	if s.Target != "" {
		attrs = append(attrs, slog.String("target", s.Target))
	}
	if s.Status != "" {
		attrs = append(attrs, slog.String("answer", s.Status))
	}
	if s.Late > 0 {
		attrs = append(attrs, milliseconds("late_ms", s.Late))
	}
	if d := s.Diagnosis; d.Cause != "" {
		attrs = append(attrs, slog.String("cause", string(d.Cause)), slog.String("detail", d.Detail))
	}
	return attrs
}

func refused(r *model.Refusal) []slog.Attr {
	attrs := []slog.Attr{
		slog.String("remote", r.Remote),
		slog.String("client", r.Client),
		slog.Int("status", r.Status),
		slog.String("reason", r.Reason),
	}
	if r.By != "" {
		attrs = append(attrs, slog.String("by", string(r.By)))
	}
	if r.RetryAfter > 0 {
		attrs = append(attrs, milliseconds("retry_after_ms", r.RetryAfter))
	}
	if d := r.Diagnosis; d.Cause != "" {
		attrs = append(attrs, slog.String("cause", string(d.Cause)), slog.String("detail", d.Detail))
	}
	return attrs
}

func stormStarted(s *model.Storm) []slog.Attr {
	attrs := []slog.Attr{slog.Int("storm", s.ID), slog.Int("clients", s.Clients), slog.Int("never_in", s.NeverIn)}
	if s.Restart {
		attrs = append(attrs, slog.String("after", "a restart: these were the clients of the server that listened here before"))
	}
	return attrs
}

func stormFlapping(s *model.Storm) []slog.Attr {
	attrs := []slog.Attr{slog.Int("storm", s.ID), slog.Int("clients", s.Clients), slog.Int("flapping", s.Flapping), slog.Float64("flaps_per_s", s.FlapRate)}
	if len(s.Flaps) > 0 {
		attrs = append(attrs, slog.Int("code", s.Flaps[0].Code), slog.String("by", s.Flaps[0].By.String()))
	}
	return attrs
}

func stormEnded(s *model.Storm) []slog.Attr {
	attrs := []slog.Attr{
		slog.Int("storm", s.ID),
		slog.Int("clients", s.Clients),
		slog.Int("away", s.Away),
		slog.Int("settling", s.Settling),
		slog.Int("flapping", s.Flapping),
		slog.Int("gave_up", s.GaveUp),
		slog.Int("never_in", s.NeverIn),
		slog.Int("refused", s.Refused),
		slog.Float64("peak_per_s", s.Peak),
	}
	if s.Back99 > 0 {
		attrs = append(attrs, milliseconds("back_99_ms", s.Back99))
	}
	return attrs
}

func milliseconds(name string, d time.Duration) slog.Attr {
	return slog.Float64(name, float64(d.Round(100*time.Microsecond))/float64(time.Millisecond))
}

// reloaded names what changed, and what waits for a restart.
func reloaded(r *model.Reload) []slog.Attr {
	attrs := []slog.Attr{slog.String("by", string(r.By)), slog.Int64("took_ms", r.Took.Milliseconds())}
	if len(r.Changed) > 0 {
		attrs = append(attrs, slog.String("changed", model.SettingNames(r.Changed)))
	}
	if len(r.Kept) > 0 {
		attrs = append(attrs, slog.String("needs_restart", model.SettingNames(r.Kept)))
	}
	return attrs
}
