package plane

import (
	"context"
	"fmt"
	"net"
	"time"

	"holter/probe/process"
	"holter/probe/systemd"
)

// inherited are the listeners that systemd has handed over, nil where there is none.
type inherited struct{ data, admin net.Listener }

// inherit tells the sockets apart by their names (FileDescriptorName), which are data and admin. If none has such a name, the
// first is that of the data plane and the second that of the admin plane.
func inherit(s *systemd.Service) (in inherited, err error) {
	sockets, err := s.Sockets()
	if err != nil {
		return in, err
	}
	named := false
	for _, x := range sockets {
		named = named || x.Name == "data" || x.Name == "admin"
	}
	for i, x := range sockets {
		place := &in.data
		if named && x.Name == "admin" || !named && i == 1 {
			place = &in.admin
		}
		if *place != nil || named && x.Name != "data" && x.Name != "admin" {
			return in, fmt.Errorf("systemd hands over %d sockets, and of %q it is not clear what it is for: give one the FileDescriptorName data and perhaps another one admin", len(sockets), x.Name)
		}
		*place = lively{x.Listener}
	}
	return in, nil
}

// lively is a listener whose connections are kept alive as those of keepAlive: it is the listening socket of another program.
type lively struct{ net.Listener }

func (l lively) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if t, ok := c.(*net.TCPConn); ok {
		t.SetKeepAliveConfig(KeepAlive)
	}
	return c, err
}

// statusEvery is how often the manager is told how things stand.
const statusEvery = 5 * time.Second

// report tells systemd, if it has started this process, how many connections there are and, for its watchdog, that holter runs:
// that hearts beat, and that nothing keeps the list of connections locked.
func (d *Data) report(ctx context.Context) error {
	if !d.service.Managed() {
		return nil
	}
	every := statusEvery
	if w := d.service.Watchdog(); w > 0 {
		every = min(every, w/3)
	}
	said := -1
	return process.Every(ctx, every, func() {
		if d.service.Watchdog() > 0 && d.monitor.Alive() {
			d.service.Notify(systemd.Alive)
		}
		if n := d.monitor.Size(); n != said {
			said = n
			d.service.Notify(d.status())
		}
	})
}

// status is what systemctl status shows.
func (d *Data) status() string {
	text := fmt.Sprintf("%s, %d connections", d.URL(), d.monitor.Size())
	if d.winding.Load() {
		text += " to be closed before a restart"
	}
	return systemd.Status(text)
}
