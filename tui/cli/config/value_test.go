package config

import (
	"testing"
	"time"
)

func TestValuesMayBeNegative(t *testing.T) {
	c, err := run(t, "", "--interval", "-1s", "--max-conns", "-2")
	if err != nil || c.Serve.Interval != -time.Second || c.Serve.MaxConns != -2 {
		t.Errorf("interval %s, max-conns %d, %v", c.Serve.Interval, c.Serve.MaxConns, err)
	}
}

func TestValuesRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		args []string
		want string
	}{
		"no unit":         {[]string{"--interval", "5"}, `--interval: expected duration but got "5": write a number and its unit, such as 5s or 500ms`},
		"no duration":     {[]string{"--linger=soon"}, `--linger: expected duration but got "soon": write a number and its unit, such as 5s or 500ms`},
		"nothing":         {[]string{"--interval", ""}, `--interval: expected duration but got "": write a number and its unit, such as 5s or 500ms`},
		"no number":       {[]string{"--max-conns", "many"}, `--max-conns: expected whole number but got "many": write one such as 100`},
		"no whole number": {[]string{"--max-conns", "-1.5"}, `--max-conns: expected whole number but got "-1.5": write one such as 100`},
		"no share":        {[]string{"--share", "half"}, `--share: expected number but got "half": write one such as 0.5`},
		"no value":        {[]string{"--interval"}, "--interval: no value follows: write --interval=5s"},
		"another flag":    {[]string{"--config", "--headless"}, "--config: no value follows: write --config=FILE"},
		"a short flag":    {[]string{"--config", "-h"}, "--config: no value follows: write --config=FILE"},
		"its own check":   {[]string{"--shade", "grey"}, "--shade: write light or dark"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := run(t, "", tc.args...)
			if err == nil || err.Error() != tc.want {
				t.Errorf("error %v, want %s", err, tc.want)
			}
		})
	}
}
