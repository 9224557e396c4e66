//go:build unix

package systemd

import (
	"fmt"
	"net"
	"os"
	"syscall"
)

// firstSocket is the descriptor of the first socket that is handed over.
const firstSocket = 3

// takeOver makes listeners of the n sockets that were handed over. Programs that this one starts do not get them.
func takeOver(n int, names []string) (sockets []Socket, err error) {
	for i := range n {
		fd := firstSocket + i
		syscall.CloseOnExec(fd)
		s := Socket{}
		if i < len(names) {
			s.Name = names[i]
		}
		l, failed := listener(fd, s.Name)
		if failed != nil {
			err = failed // the others must be closed on exec too
			continue
		}
		s.Listener = l
		sockets = append(sockets, s)
	}
	return sockets, err
}

func listener(fd int, name string) (net.Listener, error) {
	file := os.NewFile(uintptr(fd), name)
	defer file.Close() // the listener has a descriptor of its own
	l, err := net.FileListener(file)
	if err != nil {
		return nil, fmt.Errorf("the socket %q that systemd hands over does not listen: write ListenStream=PORT in its unit, and not Accept=yes", name)
	}
	if _, ok := l.(*net.TCPListener); !ok {
		l.Close()
		return nil, fmt.Errorf("the socket %q that systemd hands over is at %s: write a port, or HOST:PORT, as its ListenStream", name, l.Addr())
	}
	return l, nil
}
