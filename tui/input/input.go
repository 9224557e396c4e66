// Package input reads what is typed, clicked and pasted at a terminal, for the screen.
//
// A terminal sends bytes: a letter is one, an arrow three, a turn of the mouse wheel eleven, and the answer to another
// program's question comes whenever it comes. A line cuts them anywhere, and the pieces may be seconds apart. Bubble Tea's
// own reader takes the end of a read for the end of a sequence, so that the rest of one became keys, and keys are commands.
// This package hands out only what is whole. What is unfinished is held until its rest arrives and never becomes text; an
// ESC that stays alone becomes the escape key after a short wait. Answers are swallowed. A paste is one message with the
// first few KiB of it. What has no end, a string or a paste, is dropped without being kept, and gives the keyboard back
// when it stops flowing.
//
// The parser is pure: bytes and times in, messages out. Reader owns the terminal's bytes; nothing else may read them while
// it does. The screen calls Pump and Next from commands, which are goroutines of Bubble Tea's, and Close when it is over.
package input

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/term"
	"github.com/muesli/cancelreader"
)

const (
	readSize = 4096 // bytes of one read; a terminal has at most 4095 ready
	ahead    = 16   // reads that may be ahead of Next, so that they are known by when they came

	// grace is for the rest of a sequence that came while nobody asked, and is about to be read.
	grace = 10 * time.Millisecond
)

// Reader makes messages of what a terminal sends.
type Reader struct {
	from     io.Reader
	terminal bool
	opened   *os.File // closed with the reader, nil for none
	cancel   cancelreader.CancelReader
	parser   parser     // used by one Next at a time
	chunks   chan chunk // from Pump to Next
	closed   chan struct{}
	once     sync.Once

	mu      sync.Mutex
	pumping chan struct{} // closed when Pump is over, nil before
	over    bool
}

// chunk is what one read brought, and when.
type chunk struct {
	data []byte
	at   time.Time
	err  error
}

// Open prepares to read from a terminal, or from whatever stands for one. Nil stands for standard input, or for the
// terminal of the process where that is redirected. Where keys do not come as bytes there is no reader, but nil: Bubble Tea
// reads the events of a Windows console.
func Open(from io.Reader) (*Reader, error) {
	if console(from) {
		return nil, nil
	}
	r := &Reader{from: from, chunks: make(chan chunk, ahead), closed: make(chan struct{})}
	if from == nil {
		r.from = os.Stdin
		if !term.IsTerminal(os.Stdin.Fd()) {
			f, err := os.Open("/dev/tty")
			if err != nil {
				return nil, fmt.Errorf("find the terminal: %w", err)
			}
			r.from, r.opened = f, f
		}
	}
	f, ok := r.from.(term.File)
	r.terminal = ok && term.IsTerminal(f.Fd())
	var err error
	if r.cancel, err = cancelreader.NewReader(r.from); err != nil {
		r.closeFile()
		return nil, fmt.Errorf("wait for keys: %w", err)
	}
	return r, nil
}

// Pump reads until Close, or until there is nothing more to read. It is called once.
func (r *Reader) Pump() {
	done, ok := r.begin()
	if !ok {
		return
	}
	defer close(done)
	buf := make([]byte, readSize)
	for {
		n, err := r.cancel.Read(buf)
		select {
		case r.chunks <- chunk{bytes.Clone(buf[:n]), time.Now(), err}:
		case <-r.closed:
			return
		}
		if err != nil {
			return
		}
	}
}

func (r *Reader) begin() (done chan struct{}, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over {
		return nil, false
	}
	r.pumping = make(chan struct{})
	return r.pumping, true
}

// ErrGone says that the terminal hung up.
var ErrGone = errors.New("the terminal is gone")

// Next waits for keys, mouse reports and pastes (tea.KeyMsg, tea.MouseMsg) and returns those that came together, at least
// one. The error is that of ctx, io.EOF where the input was no terminal and is at its end, or one that is ErrGone.
func (r *Reader) Next(ctx context.Context) ([]tea.Msg, error) {
	for {
		msgs, err := r.step(ctx)
		if len(msgs) > 0 || err != nil {
			return msgs, err
		}
	}
}

// step waits for bytes or for the deadline of what is unfinished, and returns what is whole then. Bytes that are there go
// before a deadline that is over.
func (r *Reader) step(ctx context.Context) ([]tea.Msg, error) {
	var late <-chan time.Time
	if d := r.parser.deadline(); !d.IsZero() {
		timer := time.NewTimer(max(time.Until(d), grace))
		defer timer.Stop()
		late = timer.C
	}
	select {
	case c := <-r.chunks:
		return r.feed(c)
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-late:
	}
	select {
	case c := <-r.chunks:
		return r.feed(c)
	default:
		return r.parser.expire(), nil
	}
}

func (r *Reader) feed(c chunk) ([]tea.Msg, error) {
	msgs := r.parser.feed(c.data, c.at)
	switch {
	case c.err == nil:
		return msgs, nil
	case r.terminal:
		return msgs, fmt.Errorf("%w: %w", ErrGone, c.err)
	}
	return append(msgs, r.parser.expire()...), c.err
}

// Close ends Pump, and waits for it unless the input is one whose reads cannot be ended.
func (r *Reader) Close() {
	r.once.Do(func() {
		close(r.closed)
		r.mu.Lock()
		r.over = true
		pumping := r.pumping
		r.mu.Unlock()
		if r.cancel.Cancel() {
			if pumping != nil {
				<-pumping
			}
			r.cancel.Close()
		}
		r.closeFile()
	})
}

func (r *Reader) closeFile() {
	if r.opened != nil {
		r.opened.Close()
	}
}

// From is the terminal, or what stands for one.
func (r *Reader) From() io.Reader { return r.from }
