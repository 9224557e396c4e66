//go:build unix

package e2e

import (
	"strings"
	"syscall"
	"testing"

	"github.com/gorilla/websocket"
)

// The screen of another holter shows its clients, stays when it goes away and goes on when it is back.
func TestAttach(t *testing.T) {
	t.Parallel()
	listen, admin := freePort(t), freePort(t)
	again := []string{"--listen", listen, "--admin", admin, "--token", "s3cret"}
	p := start(t, again...)
	dial(t, p.websocket)
	p.line(t, "connection opened")

	term := atTerminal(t, "attach", admin, "--token", "s3cret")
	term.until(t, "\x1b[?1049h")
	term.until(t, "tester")

	p.signal(t, syscall.SIGTERM)
	if code, _ := p.wait(t); code != 0 {
		t.Errorf("the other holter ended with %d", code)
	}
	term.until(t, "does not answer")

	p = start(t, again...)
	welcome(t, p, term)
	if _, err := term.file.WriteString("q"); err != nil {
		t.Fatal(err)
	}
	if code := term.wait(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
	restored(t, term)
}

// welcome connects somebody and waits until the screen shows it.
func welcome(t *testing.T, p *program, term *terminal) {
	t.Helper()
	c, _, err := websocket.DefaultDialer.DialContext(t.Context(), p.websocket+"?client=newcomer", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	term.until(t, "newcomer")
}

// The screen of a holter that shows and changes nothing does so too, until that is started anew without.
func TestAttachedToAReadOnlyHolter(t *testing.T) {
	t.Parallel()
	again := []string{"--listen", freePort(t), "--admin", freePort(t)}
	p := start(t, append(again, "--read-only")...)
	dial(t, p.websocket)
	p.line(t, "connection opened")

	term := atTerminal(t, "attach", again[3])
	term.until(t, "tester")
	term.until(t, "READ-ONLY")
	if _, err := term.file.WriteString("x"); err != nil {
		t.Fatal(err)
	}
	term.until(t, "read-only: this screen changes nothing")
	if strings.Contains(term.text(), "Cancel") {
		t.Error("there is a dialog all the same")
	}

	p.signal(t, syscall.SIGTERM)
	p.wait(t)
	p = start(t, again...)
	welcome(t, p, term)
	if _, err := term.file.WriteString("x"); err != nil {
		t.Fatal(err)
	}
	term.until(t, "Kick newcomer")
	if _, err := term.file.WriteString("\x03"); err != nil {
		t.Fatal(err)
	}
	if code := term.wait(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// Whoever cannot be attached to is told of in a line, before there is a screen.
func TestAttachRefused(t *testing.T) {
	t.Parallel()
	p := start(t, "--token", "s3cret")
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{p.admin}, "needs a token: write --token-file FILE, or set HOLTER_TOKEN"},
		{[]string{p.admin, "--token", "guess"}, "does not accept this token"},
		{[]string{freePort(t)}, "does not answer: connection refused"},
		{[]string{p.page}, "is not the admin plane of a holter"},
	} {
		term := atTerminal(t, append([]string{"attach"}, c.args...)...)
		code, text := term.wait(t), term.text()
		if code != 1 || strings.Count(text, "\n") != 1 || !strings.HasPrefix(text, "holter: http://") || !strings.Contains(text, c.want) {
			t.Errorf("attach %v: exit code %d, %q, want %q in it", c.args, code, text, c.want)
		}
	}
}

// A holter that is stopped does not answer and does not hang up: the screen says so, obeys its keys, and
// goes on when the other one does.
func TestAttachedToASilentHolter(t *testing.T) {
	t.Parallel()
	p := start(t)
	dial(t, p.websocket)
	term := atTerminal(t, "attach", p.admin)
	term.until(t, "tester")

	p.signal(t, syscall.SIGSTOP)
	term.until(t, "does not answer")
	if _, err := term.file.WriteString("/mumble\r"); err != nil {
		t.Fatal(err)
	}
	term.until(t, "mumble")
	p.signal(t, syscall.SIGCONT)
	c, _, err := websocket.DefaultDialer.DialContext(t.Context(), p.websocket+"?client=mumbler", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	term.until(t, "mumbler")
	if _, err := term.file.WriteString("q"); err != nil {
		t.Fatal(err)
	}
	if code := term.wait(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
}
