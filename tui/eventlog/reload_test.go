package eventlog

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"holter/model"
)

func TestReloadsInTheLog(t *testing.T) {
	var out bytes.Buffer
	w := &writer{log: slog.New(slog.NewTextHandler(&out, nil)), second: time.Now()}
	w.write(&model.Event{Type: model.ConfigReloaded, Reload: &model.Reload{By: model.BySignal, Took: 2 * time.Millisecond,
		Changed: []model.SettingChange{{Name: "alert"}, {Name: "max-conns"}}, Kept: []model.SettingChange{{Name: "listen"}}}})
	w.write(&model.Event{Type: model.ConfigReloaded, Reload: &model.Reload{By: model.ByAPI, Error: "holter.yaml:1:1: no"}})
	w.write(&model.Event{Type: model.ConfigReloaded, Reload: &model.Reload{By: model.ByAPI, Warning: "no token"}})
	for i, want := range []string{
		`level=INFO msg="settings reloaded" event=config.reloaded by=signal took_ms=2 changed="alert, max-conns" needs_restart=listen`,
		`level=WARN msg="settings not reloaded" event=config.reloaded by=api took_ms=0 error="holter.yaml:1:1: no"`,
		`level=WARN msg="settings reloaded" event=config.reloaded by=api took_ms=0 warning="no token"`,
	} {
		if got := strings.Split(out.String(), "\n")[i]; !strings.HasSuffix(got, want) {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
}

// Lines change their look while they are written, also those of loggers that were made before, and none is torn.
func TestTheLookChanges(t *testing.T) {
	var out bytes.Buffer
	log, look := Options{LogFormat: "text"}.Logger(&out)
	older := log.With("part", "a").WithGroup("of")
	older.Info("first", "n", 1)
	commit, err := look.Prepare(Options{LogFormat: "json"})
	if err != nil {
		t.Fatal(err)
	}
	commit()
	older.Info("second", "n", 2)
	lines := strings.Split(out.String(), "\n")
	if !strings.HasSuffix(lines[0], "msg=first part=a of.n=1") || !strings.HasSuffix(lines[1], `"msg":"second","part":"a","of":{"n":2}}`) {
		t.Errorf("%s", &out)
	}
	out.Reset()
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 200 {
				log.Info(strings.Repeat("x", 100))
			}
		})
	}
	for i := range 100 {
		commit, _ := look.Prepare(Options{LogFormat: []string{"text", "json"}[i%2]})
		commit()
	}
	all.Wait()
	for _, line := range strings.Split(strings.TrimSpace(out.String()), "\n") {
		if !strings.HasPrefix(line, "time=") && !(strings.HasPrefix(line, "{") && strings.HasSuffix(line, "}")) {
			t.Errorf("%q", line)
		}
	}
}
