package compare

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"runtime"
	"time"

	"holter/probe/pause"
)

// costScale is how much is done to learn what schemes cost.
type costScale struct {
	connections int
	span        time.Duration // of beating
}

const (
	// costPing is the interval of all schemes while their processor time is measured. It may be short, since
	// the time between two beats costs nothing.
	costPing = 100 * time.Millisecond
	// costDead is so long that no connection is given up meanwhile.
	costDead = 30 * time.Second
)

// cost is what a scheme takes.
type cost struct {
	cpu    time.Duration // for 1000 beats, both ends together; 0 where it is not known
	memory float64       // bytes for a connection of the server's
}

// weigh measures what schemes cost, one after the other, with nothing else going on.
func weigh(ctx context.Context, scale *scale, o Options) ([]cost, error) {
	news := func(what string) {
		if o.Progress != nil {
			o.Progress("measuring " + what)
		}
	}
	news("memory")
	memory, err := weighMemory(ctx, scale.schemes, &scale.cost, o.Monitor)
	if err != nil {
		return nil, err
	}
	costs := make([]cost, len(scale.schemes))
	for i, s := range scale.schemes {
		news("the processor time of " + s.name)
		cpu, err := weighProcessor(ctx, s, &scale.cost, o.Monitor)
		if err != nil {
			return nil, err
		}
		costs[i] = cost{cpu, memory[i]}
	}
	return costs, nil
}

// weighProcessor is the processor time of 1000 beats.
func weighProcessor(ctx context.Context, s scheme, scale *costScale, monitor NewMonitor) (time.Duration, error) {
	s.ping = costPing
	if s.fixed() {
		s.dead = costDead
	}
	lab, ctx, err := openLab(ctx, []scheme{s}, monitor)
	if err != nil {
		return 0, err
	}
	defer lab.close()
	for i := range scale.connections {
		guest, err := lab.visitor(ctx, &s, float64(i)/float64(scale.connections))
		if err != nil {
			return 0, err
		}
		defer lab.leave(guest)
	}
	runtime.GC()
	if !pause.For(ctx, 2*costPing) {
		return 0, context.Cause(ctx)
	}
	begin, known := processor()
	beats := lab.beats.Load()
	if !pause.For(ctx, scale.span) {
		return 0, context.Cause(ctx)
	}
	end, _ := processor()
	beats = lab.beats.Load() - beats
	if !known || beats == 0 {
		return 0, nil
	}
	return (end - begin) * 1000 / time.Duration(beats), nil
}

// visitor is a client without a link. It is gone when the server's end is.
func (l *lab) visitor(ctx context.Context, s *scheme, random float64) (*guest, error) {
	client, g := l.newEnd(random), l.expect(s, 1, l.newEnd(0))
	c, err := l.dial(ctx)
	if err != nil {
		return nil, err
	}
	if err := l.handshake(ctx, g, client, c); err != nil {
		c.Close()
		return nil, err
	}
	join := s.client()
	l.working.Go(func() { join(client) })
	return g, nil
}

func (l *lab) dial(ctx context.Context) (*net.TCPConn, error) {
	c, err := dialer.DialContext(ctx, "tcp", l.address)
	if err != nil {
		return nil, err
	}
	return c.(*net.TCPConn), nil
}

// weighMemory measures what the server keeps for a connection in each scheme, in heap and stacks. The clients
// are bare sockets, whose half kilobyte is included. All connections stay until the end, because memory that
// one scheme gave back would make the next one look cheap.
func weighMemory(ctx context.Context, schemes []scheme, scale *costScale, monitor NewMonitor) ([]float64, error) {
	lab, ctx, err := openLab(ctx, schemes, monitor)
	if err != nil {
		return nil, err
	}
	defer lab.close()
	var guests bareGuests
	defer guests.leave(lab)
	if err := guests.come(ctx, lab, &schemes[0], scale.connections); err != nil { // the pools fill
		return nil, err
	}
	var memory []float64
	for i := range schemes {
		before := inUse()
		if err := guests.come(ctx, lab, &schemes[i], scale.connections); err != nil {
			return nil, err
		}
		memory = append(memory, float64(inUse()-before)/float64(scale.connections))
	}
	return memory, nil
}

// inUse is the memory that is in use.
func inUse() int64 {
	runtime.GC()
	runtime.GC() // the first only empties the pools into their second chance
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// bareGuests are clients that are no more than a socket.
type bareGuests []bareGuest

type bareGuest struct {
	guest  *guest
	socket *net.TCPConn
}

func (b *bareGuests) come(ctx context.Context, l *lab, s *scheme, n int) error {
	for range n {
		g := l.expect(s, 1, l.newEnd(0))
		c, err := l.dial(ctx)
		if err != nil {
			return err
		}
		*b = append(*b, bareGuest{g, c})
		if err := knock(c, l.address, g.target()); err != nil {
			return fmt.Errorf("handshake over loopback: %w", err)
		}
		<-g.seated
	}
	return nil
}

func (b *bareGuests) leave(l *lab) {
	for _, guest := range *b {
		guest.socket.Close()
		l.leave(guest.guest)
	}
}

// knock asks for a WebSocket and reads the answer's head to its end. The key is that of RFC 6455
// section 1.3.
func knock(c *net.TCPConn, host, target string) error {
	c.SetDeadline(time.Now().Add(handshakeTimeout))
	defer c.SetDeadline(time.Time{})
	fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", target, host)
	head := make([]byte, 0, 512)
	for !bytes.Contains(head, []byte("\r\n\r\n")) {
		n, err := c.Read(head[len(head):cap(head)])
		if err != nil {
			return err
		}
		head = head[:len(head)+n]
	}
	if status, _, _ := bytes.Cut(head, []byte("\r\n")); !bytes.HasPrefix(status, []byte("HTTP/1.1 101 ")) {
		return fmt.Errorf("the server answers %s", status)
	}
	return nil
}
