package paint

import (
	"strconv"

	"github.com/charmbracelet/x/ansi"
)

// style is how a cell looks. The zero value is the terminal's own look.
type style struct {
	front, back colour
	attributes  attributes
}

// colour is none (0), or a kind and its value.
type colour uint32

const (
	basic colour = (iota + 1) << 24 // one of the terminal's sixteen
	indexed
	direct // red, green and blue

	kindOf colour = 0xff << 24
)

type attributes uint8

const (
	bold attributes = 1 << iota
	faint
	italic
	underline
	blink
	reverse
	hidden
	strike
)

// on are the numbers that switch an attribute on, in the order of the attributes.
var on = [...]int{1, 2, 3, 4, 5, 7, 8, 9}

// sequence is how many bytes the escape sequence at the beginning of s has, and the style after it.
func sequence(s string, st style) (int, style) {
	if len(s) < 2 {
		return len(s), st
	}
	if s[1] != '[' {
		_, _, n, _ := ansi.DecodeSequence(s, ansi.NormalState, nil)
		return max(n, 1), st
	}
	for i := 2; i < len(s); i++ {
		switch b := s[i]; {
		case b == 'm':
			return i + 1, st.with(s[2:i])
		case b >= 0x40 && b <= 0x7e:
			return i + 1, st
		case b < 0x20 || b > 0x3f: // not a sequence any more
			return i, st
		}
	}
	return len(s), st
}

// with is st after the sequence with these parameters.
func (st style) with(parameters string) style {
	var numbers [16]int
	n, now := 0, 0
	for i := 0; i <= len(parameters); i++ {
		if i < len(parameters) && parameters[i] >= '0' && parameters[i] <= '9' {
			now = min(now*10+int(parameters[i]-'0'), 1<<16)
			continue
		}
		if n < len(numbers) {
			numbers[n] = now
			n++
		}
		now = 0
	}
	for list := numbers[:n]; len(list) > 0; {
		list = list[st.obey(list):]
	}
	return st
}

// obey takes the first of some numbers, with those that belong to it, and returns how many these are.
func (st *style) obey(list []int) int {
	switch n := list[0]; {
	case n == 0:
		*st = style{}
	case n >= 1 && n <= 9:
		for i, number := range on {
			if number == n {
				st.attributes |= 1 << i
			}
		}
	case n == 22:
		st.attributes &^= bold | faint
	case n >= 23 && n <= 29:
		for i, number := range on {
			if number == n-20 {
				st.attributes &^= 1 << i
			}
		}
	case n >= 30 && n <= 37:
		st.front = basic | colour(n-30)
	case n >= 90 && n <= 97:
		st.front = basic | colour(n-90+8)
	case n >= 40 && n <= 47:
		st.back = basic | colour(n-40)
	case n >= 100 && n <= 107:
		st.back = basic | colour(n-100+8)
	case n == 39:
		st.front = 0
	case n == 49:
		st.back = 0
	case n == 38:
		return extended(list, &st.front)
	case n == 48:
		return extended(list, &st.back)
	}
	return 1
}

// extended reads a colour that has numbers of its own.
func extended(list []int, c *colour) int {
	switch {
	case len(list) >= 3 && list[1] == 5:
		*c = indexed | colour(list[2]&0xff)
		return 3
	case len(list) >= 5 && list[1] == 2:
		*c = direct | colour(list[2]&0xff)<<16 | colour(list[3]&0xff)<<8 | colour(list[4]&0xff)
		return 5
	}
	return len(list)
}

// change appends what makes a terminal go from one style to another.
func change(b []byte, from, to style) []byte {
	if from == to {
		return b
	}
	b = append(b, "\x1b["...)
	if to == (style{}) {
		return append(b, 'm')
	}
	begin := len(b)
	if from.attributes&^to.attributes != 0 {
		b = append(b, "0;"...)
		from = style{}
	}
	for i, number := range on {
		if added := to.attributes &^ from.attributes; added&(1<<i) != 0 {
			b = append(strconv.AppendInt(b, int64(number), 10), ';')
		}
	}
	if from.front != to.front {
		b = to.front.appendTo(b, 30)
	}
	if from.back != to.back {
		b = to.back.appendTo(b, 40)
	}
	if len(b) > begin {
		b = b[:len(b)-1]
	}
	return append(b, 'm')
}

// appendTo appends the numbers of a colour, each with a semicolon. base is 30 in front and 40 behind.
func (c colour) appendTo(b []byte, base int) []byte {
	number := func(n int) { b = append(strconv.AppendInt(b, int64(n), 10), ';') }
	value := int(c &^ kindOf)
	switch c & kindOf {
	case 0:
		number(base + 9)
	case basic:
		if value >= 8 {
			number(base + 60 + value - 8)
		} else {
			number(base + value)
		}
	case indexed:
		number(base + 8)
		number(5)
		number(value)
	case direct:
		number(base + 8)
		number(2)
		number(value >> 16)
		number(value >> 8 & 0xff)
		number(value & 0xff)
	}
	return b
}
