package plane

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestQuietLogPassesOneLineASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		log := QuietLog(slog.New(slog.NewTextHandler(&out, nil)))
		for range 3 {
			for range 100 {
				log.Print("http: TLS handshake error\x1b[31m")
			}
			time.Sleep(time.Second)
		}
		if got := strings.Count(out.String(), "\n"); got != 3 {
			t.Errorf("%d lines in three seconds", got)
		}
		if !strings.Contains(out.String(), "held_back=99") {
			t.Error("the number of lines held back is missing")
		}
		if strings.ContainsRune(out.String(), '\x1b') {
			t.Error("an escape sequence got through")
		}
	})
}
