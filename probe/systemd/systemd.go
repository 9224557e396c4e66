// Package systemd speaks with the service manager that has started this process: it tells it when the process is ready, that it
// is alive and that it stops, and takes over the sockets that systemd has opened for it.
//
// The protocols are sd_notify(3), sd_watchdog_enabled(3) and sd_listen_fds(3): datagrams of a few words, and variables of the
// environment. The package owns these variables. It starts no goroutine.
//
// A library must not speak for its application, so only the planes of the command call it.
package systemd

import (
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// Service is this process as a service of systemd. The methods of one that systemd has not started do nothing.
type Service struct {
	socket   string // where the manager listens, "" without one
	watchdog time.Duration
	sockets  []Socket
	err      error // of the sockets
}

// Socket is a listening socket that was handed over, with its FileDescriptorName.
type Socket struct {
	Name     string
	Listener net.Listener
}

// variables are what systemd puts into the environment.
var variables = []string{"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "LISTEN_PIDFDID"}

// Take reads what systemd has put into the environment, and takes it out: programs that this one starts must not take it for
// theirs. A second call returns a Service that systemd has not started.
func Take() *Service {
	s := read(os.Getenv, os.Getpid())
	for _, name := range variables {
		os.Unsetenv(name)
	}
	return s
}

func read(getenv func(string) string, pid int) *Service {
	s := &Service{socket: getenv("NOTIFY_SOCKET")}
	mine := func(name string) bool { return getenv(name) == "" || getenv(name) == strconv.Itoa(pid) }
	if micros, err := strconv.ParseInt(getenv("WATCHDOG_USEC"), 10, 64); err == nil && micros > 0 && mine("WATCHDOG_PID") {
		s.watchdog = time.Duration(micros) * time.Microsecond
	}
	if n, err := strconv.Atoi(getenv("LISTEN_FDS")); err == nil && n > 0 && getenv("LISTEN_PID") == strconv.Itoa(pid) {
		s.sockets, s.err = takeOver(n, strings.Split(getenv("LISTEN_FDNAMES"), ":"))
	}
	return s
}

// Managed reports whether a manager listens to what Notify says.
func (s *Service) Managed() bool { return s.socket != "" }

// Watchdog is how soon the manager restarts a process that does not say that it is alive, 0 for never.
func (s *Service) Watchdog() time.Duration { return s.watchdog }

// Sockets are those that systemd has handed over, in the order of its units. The error says which of them is of no use.
func (s *Service) Sockets() ([]Socket, error) { return s.sockets, s.err }

// What Notify may say: see sd_notify(3).
const (
	Ready    = "READY=1"
	Stopping = "STOPPING=1"
	Alive    = "WATCHDOG=1"
)

// Status is the line that systemctl status shows.
func Status(text string) string { return "STATUS=" + strings.ReplaceAll(text, "\n", " ") }

// Longer asks for more time to start or to stop: d from now.
func Longer(d time.Duration) string {
	return "EXTEND_TIMEOUT_USEC=" + strconv.FormatInt(d.Microseconds(), 10)
}

// Notify tells the manager, if there is one, what has changed. A manager that does not listen is no error: nothing could be done
// about it.
func (s *Service) Notify(states ...string) {
	if s.socket == "" {
		return
	}
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: s.socket, Net: "unixgram"}) // @ stands for an abstract one there too
	if err != nil {
		return
	}
	defer c.Close()
	c.SetWriteDeadline(time.Now().Add(time.Second))
	c.Write([]byte(strings.Join(states, "\n")))
}
