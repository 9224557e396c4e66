package server_test

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/gobwas/ws"
)

// conversation is what a client says, whether it may or not: bytes that mostly are frames.
type conversation struct {
	name    string
	deflate bool // permessage-deflate is offered
	frames  [][]byte
	want    string // in every library's answer
}

// conversations has the numbers of the Autobahn test suite where it has such a case.
var conversations = func() (all []conversation) {
	for _, category := range [][]conversation{
		framing(), pings(), reservedBits(), opcodes(), fragments(), texts(), closes(), limits(), misc(), compressed(),
	} {
		all = append(all, category...)
	}
	return all
}()

// raw is a masked frame with any first byte.
func raw(first byte, payload []byte) []byte {
	f := ws.NewFrame(ws.OpCode(first&0x0f), first&0x80 != 0, payload)
	f.Header.Rsv = first >> 4 & 7
	return masked(f)
}

// The first bytes of whole frames, and of such that go on.
const (
	text, binaryFrame, closing, ping, pong = 0x81, 0x82, 0x88, 0x89, 0x8a
	textGoesOn, binaryGoesOn, goesOn, last = 0x01, 0x02, 0x00, 0x80
)

func say(name string, frames ...[]byte) conversation { return conversation{name: name, frames: frames} }

func framing() (all []conversation) {
	for i, size := range []int{0, 125, 126, 127, 128, 65_535, 65_536} {
		hello := raw(text, bytes.Repeat([]byte("*"), size))
		all = append(all, say(fmt.Sprintf("1.1.%d", i+1), hello), say(fmt.Sprintf("1.2.%d", i+1), raw(binaryFrame, bytes.Repeat([]byte{0xfe}, size))))
	}
	all[0].want, all[1].want = `opcode 1 ""`, `opcode 2 ""`
	bare := ws.MustCompileFrame(ws.NewTextFrame([]byte("bare")))
	return append(all,
		say("unmasked", raw(text, []byte("a")), bare),
		say("length in 2 bytes that fits into none", sized(126, 5)),
		say("length in 8 bytes that fits into none", sized(127, 5)),
		say("length beyond all", raw(text, []byte("a")), sized(127, 1<<63|5)),
		say("half a header", raw(text, []byte("a")), []byte{text}),
		say("half a payload", raw(text, []byte("a")), raw(text, []byte("hello"))[:8]),
		say("nothing", nil),
	)
}

// sized is a frame with five bytes that says its length in the given way.
func sized(kind byte, length uint64) []byte {
	b := []byte{text, 0x80 | kind}
	if kind == 126 {
		b = binary.BigEndian.AppendUint16(b, uint16(length))
	} else {
		b = binary.BigEndian.AppendUint64(b, length)
	}
	return append(b, "\x00\x00\x00\x00hello"...)
}

func pings() []conversation {
	long := bytes.Repeat([]byte{0xfe}, 126)
	var ten, tenAndPongs [][]byte
	for i := range 10 {
		payload := fmt.Appendf(nil, "payload-%d", i)
		ten = append(ten, raw(ping, payload))
		tenAndPongs = append(tenAndPongs, raw(pong, payload), raw(ping, payload))
	}
	all := []conversation{
		say("2.1", raw(ping, nil)),
		say("2.2", raw(ping, []byte("Hello, world!"))),
		say("2.3", raw(ping, []byte("\x00\xff\xfe\xfd\xfc\xfb\x00\xff"))),
		say("2.4", raw(ping, long[:125])),
		say("2.5", raw(ping, long)),
		say("2.7", raw(pong, nil), raw(ping, []byte("after"))),
		say("2.8", raw(pong, []byte("unsolicited")), raw(ping, []byte("after"))),
		say("2.9", raw(pong, []byte("unsolicited")), raw(ping, []byte("after")), raw(ping, nil)),
		say("2.10", ten...),
		say("2.11", tenAndPongs...),
		say("a pong as long as holter's", raw(pong, make([]byte, pingSize)), raw(text, []byte("after"))),
		say("a ping as long as holter's", raw(ping, []byte("123456789012")), raw(text, []byte("after"))),
	}
	all[1].want = `opcode a "Hello, world!"`
	return all
}

func reservedBits() (all []conversation) {
	hello := raw(text, []byte("hello"))
	for rsv := byte(1); rsv <= 7; rsv++ {
		for _, kind := range []byte{text, binaryFrame, ping, pong, closing} {
			name := fmt.Sprintf("3.%d on %x", rsv, kind)
			all = append(all, say(name, hello, raw(kind|rsv<<4, []byte("\x03\xe8"))))
		}
		all = append(all, say(fmt.Sprintf("3.%d on a continuation", rsv), raw(textGoesOn, []byte("a")), raw(last|rsv<<4, []byte("b"))))
	}
	return all
}

func opcodes() (all []conversation) {
	hello := raw(text, []byte("hello"))
	for _, op := range []byte{3, 4, 5, 6, 7, 0xb, 0xc, 0xd, 0xe, 0xf} {
		all = append(all,
			say(fmt.Sprintf("4: %x empty", op), hello, raw(0x80|op, nil)),
			say(fmt.Sprintf("4: %x", op), hello, raw(0x80|op, []byte("reserved"))),
			say(fmt.Sprintf("4: %x unfinished", op), hello, raw(op, []byte("reserved"))),
		)
	}
	return all
}

func fragments() []conversation {
	a, b, c := []byte("fragment1"), []byte("fragment2"), []byte("fragment3")
	return []conversation{
		say("5.1", raw(0x09, a), raw(last, b)),
		say("5.2", raw(0x0a, a), raw(last, b)),
		say("5.3", raw(textGoesOn, a), raw(last, b)),
		say("5.6", raw(textGoesOn, a), raw(ping, []byte("between")), raw(last, b)),
		say("5.7 pong", raw(textGoesOn, a), raw(pong, []byte("between")), raw(last, b)),
		say("5.9", raw(last, a), raw(text, b)),
		say("5.12", raw(goesOn, a), raw(text, b)),
		say("5.15", raw(textGoesOn, a), raw(last, b), raw(goesOn, c), raw(text, a)),
		say("5.16", raw(goesOn, a), raw(textGoesOn, b), raw(last, c)),
		say("5.18", raw(textGoesOn, a), raw(text, b)),
		say("5.19", raw(textGoesOn, a), raw(goesOn, b), raw(ping, []byte("one")), raw(goesOn, c), raw(ping, []byte("two")), raw(last, a)),
		say("5.21 binary", raw(binaryGoesOn, a), raw(goesOn, nil), raw(ping, nil), raw(goesOn, b), raw(last, nil)),
		say("5.22 empty", raw(textGoesOn, nil), raw(goesOn, nil), raw(last, nil)),
		say("5.23 a close between", raw(textGoesOn, a), raw(closing, ws.NewCloseFrameBody(1000, "")), raw(last, b)),
		say("5.24 three messages", raw(textGoesOn, a), raw(last, b), raw(textGoesOn, b), raw(last, c), raw(binaryGoesOn, c), raw(last, a)),
	}
}

func texts() (all []conversation) {
	const kosme = "κόσμε"
	for i, s := range []string{
		"Hello-µ@ßöäüàá-UTF-8!!", kosme, kosme + "\xed\xa0\x80edited", "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xf4\x90\x80\x80edited",
		"\xf4\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xfc\x84\x80\x80\x80\x80", "\xc0\xaf", "\xe0\x80\xaf", "\xf0\x80\x80\xaf",
		"\x80", "\xbf", "\xfe", "\xff", "\xed\xa0\x80", "\xed\xbf\xbf", "\xef\xbf\xbe", "\xef\xbf\xbf", "\xce", "\xe1\xbd", "\x7f", "\x00", "\U0010ffff",
		strings.Repeat(kosme, 40),
	} {
		all = append(all, say(fmt.Sprintf("6.%d whole", i), raw(text, []byte(s))))
		var pieces [][]byte
		for at := range len(s) {
			pieces = append(pieces, raw(goesOn, []byte(s[at:at+1])))
		}
		pieces[0] = raw(textGoesOn, []byte(s[:1]))
		all = append(all, say(fmt.Sprintf("6.%d in bytes", i), append(pieces, raw(last, nil))...))
	}
	return all
}

func closes() (all []conversation) {
	hello, bye := raw(text, []byte("hello")), raw(closing, ws.NewCloseFrameBody(1000, "bye"))
	all = []conversation{
		say("7.1.1", hello, bye),
		say("7.1.2", bye, bye),
		say("7.1.3", bye, raw(ping, []byte("after"))),
		say("7.1.4", bye, hello),
		say("7.1.5", raw(textGoesOn, []byte("a")), bye, raw(last, []byte("b"))),
		say("7.1.6", raw(text, bytes.Repeat([]byte("x"), 256<<10)), hello, bye),
		say("7.3.1", raw(closing, nil)),
		say("7.3.2", raw(closing, []byte("a"))),
		say("7.3.3", raw(closing, ws.NewCloseFrameBody(1000, ""))),
		say("7.3.5", raw(closing, ws.NewCloseFrameBody(1000, strings.Repeat("x", 123)))),
		say("7.3.6", raw(closing, ws.NewCloseFrameBody(1000, strings.Repeat("x", 124)))),
		say("7.5.1", raw(closing, ws.NewCloseFrameBody(1000, "\xce\xba\xed\xa0\x80"))),
		say("no close", hello),
	}
	for _, code := range []ws.StatusCode{
		0, 999, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 1015, 1016,
		1100, 2000, 2999, 3000, 3999, 4000, 4999, 5000, 65535,
	} {
		all = append(all, say(fmt.Sprintf("7.7 or 7.9: %d", code), hello, raw(closing, ws.NewCloseFrameBody(code, ""))))
	}
	return all
}

func limits() (all []conversation) {
	for _, size := range []int{64 << 10, 256 << 10, 1 << 20} {
		payload := bytes.Repeat([]byte("0123456789abcdef"), size/16)
		all = append(all, say(fmt.Sprintf("9.1 %d", size), raw(text, payload)), say(fmt.Sprintf("9.2 %d", size), raw(binaryFrame, payload)))
	}
	payload := bytes.Repeat([]byte("0123456789abcdef"), 1<<12)
	for _, piece := range []int{64, 1 << 10, 16 << 10} {
		all = append(all, say(fmt.Sprintf("9.3 in pieces of %d", piece), cut(textGoesOn, payload, piece)...))
		all = append(all, say(fmt.Sprintf("9.4 in pieces of %d", piece), cut(binaryGoesOn, payload, piece)...))
	}
	for _, size := range []int{0, 16, 125, 1024} {
		var many [][]byte
		for i := range 200 {
			many = append(many, raw(text, bytes.Repeat([]byte{'a' + byte(i%26)}, size)))
		}
		all = append(all, say(fmt.Sprintf("9.7 %d", size), many...))
	}
	return all
}

// cut is a message in frames of at most so many bytes.
func cut(first byte, payload []byte, piece int) (frames [][]byte) {
	for ; len(payload) > piece; payload = payload[piece:] {
		frames = append(frames, raw(first, payload[:piece]))
		first = goesOn
	}
	return append(frames, raw(last, payload))
}

func misc() []conversation {
	return []conversation{say("10.1.1", cut(textGoesOn, bytes.Repeat([]byte("*"), 65_536), 1300)...)}
}

// compressed messages are for the libraries that take the offer; to the others they are reserved bits.
func compressed() (all []conversation) {
	add := func(name string, frames ...[]byte) {
		all = append(all, conversation{name: name, deflate: true, frames: frames})
	}
	for _, size := range []int{0, 16, 64, 256, 1024, 4096, 16 << 10, 64 << 10, 256 << 10} {
		message := deflated(strings.Repeat(`{"AutobahnPython": 0.6}, `, size/25+1)[:size])
		var five [][]byte
		for range 5 {
			five = append(five, raw(text|0x40, message), raw(ping, nil))
		}
		add(fmt.Sprintf("12.1 %d", size), five...)
		pieces := cut(binaryGoesOn|0x40, message, max(1, len(message)/3))
		if len(pieces) > 1 {
			add(fmt.Sprintf("12.2 %d in pieces", size), pieces...)
		}
	}
	hello := deflated("hello")
	add("12: not all messages compressed", raw(text, []byte("plain")), raw(text|0x40, hello), raw(text, []byte("plain")))
	add("12: a ping compressed", raw(text|0x40, hello), raw(ping|0x40, hello))
	add("12: a continuation compressed", raw(textGoesOn|0x40, hello[:2]), raw(last|0x40, hello[2:]))
	add("12: not deflated at all", raw(text|0x40, []byte("\xff\xff\xff\xff")))
	add("12: not UTF-8", raw(text|0x40, deflated("\xed\xa0\x80")))
	return all
}

// deflated is a message as permessage-deflate has it, RFC 7692 section 7.2.1.
func deflated(message string) []byte {
	var out bytes.Buffer
	w, _ := flate.NewWriter(&out, flate.BestCompression)
	w.Write([]byte(message))
	w.Flush()
	return bytes.TrimSuffix(out.Bytes(), []byte("\x00\x00\xff\xff"))
}
