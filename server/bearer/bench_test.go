package bearer

import "testing"

// BenchmarkCheck is what a guard does for a handshake, by algorithm.
func BenchmarkCheck(b *testing.B) {
	for name, p := range pairs() {
		b.Run(name, func(b *testing.B) {
			g := guard(b, Options{Key: []string{file(b, p.file)}, Issuer: []string{"https://id.example"}, Audience: []string{"chat"}})
			r := bearing(sign(b, p, fresh()))
			b.ReportAllocs()
			for b.Loop() {
				if _, bad := g.Check(r); bad != nil {
					b.Fatal(bad.Limit)
				}
			}
		})
	}
}
