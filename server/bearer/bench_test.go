package bearer

import "testing"

// BenchmarkCheck is what a guard does for a handshake: with a token that is known, as of a client that comes back, and with one
// that has to be verified.
func BenchmarkCheck(b *testing.B) {
	for name, p := range pairs() {
		g := guard(b, Options{Key: []string{file(b, p.file)}, Issuer: []string{"https://id.example"}, Audience: []string{"chat"}})
		r := bearing(sign(b, p, fresh()))
		for kind, forget := range map[string]func(){"known": func() {}, "new": func() { clear(g.cache.young) }} {
			b.Run(name+"/"+kind, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					forget()
					if _, bad := g.Check(r); bad != nil {
						b.Fatal(bad.Limit)
					}
				}
			})
		}
	}
}
