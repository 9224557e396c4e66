package bearer

import (
	"crypto/sha256"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// A token that is known is looked at for what changes: the time, and what is asked of it.
func TestKnownTokens(t *testing.T) {
	hs := pairs()["HS256"]
	o := Options{Key: []string{file(t, hs.file)}}
	synctest.Test(t, func(t *testing.T) {
		g := guard(t, o)
		token := sign(t, hs, fresh("nbf", float64(time.Now().Unix())))
		for range 3 {
			if subject, refused := check(g, bearing(token)); subject != "ann" {
				t.Fatalf("refused for %s", refused)
			}
		}
		if n := len(g.cache.young); n != 1 {
			t.Errorf("%d tokens are known", n)
		}
		if _, refused := check(g, bearing(token+"A")); refused == "" {
			t.Error("a token that begins like it is let in")
		}
		next := o
		next.Audience = []string{"games"}
		commit, err := g.Prepare(next)
		if err != nil {
			t.Fatal(err)
		}
		commit()
		if _, refused := check(g, bearing(token)); refused != "token-audience" {
			t.Errorf("another audience: %q", refused)
		}
		if commit, err = g.Prepare(o); err != nil {
			t.Fatal(err)
		}
		commit()
		check(g, bearing(token))
		time.Sleep(time.Hour)
		if _, refused := check(g, bearing(token)); refused != "token-expired" {
			t.Errorf("an hour later: %q", refused)
		}
	})
}

func TestCacheIsBounded(t *testing.T) {
	var c cache
	k := &keys{}
	id := func(i int) [sha256.Size]byte { return sha256.Sum256(fmt.Append(nil, i)) }
	for i := range 10 * maxCached {
		c.put(k, id(i), jwt.MapClaims{"n": i})
		if n := len(c.young) + len(c.old); n > 2*maxCached {
			t.Fatalf("%d tokens are kept", n)
		}
		if c.get(k, id(0)) == nil {
			t.Fatalf("a token that is used all the time is forgotten after %d others", i)
		}
	}
	if c.get(k, id(1)) != nil || c.get(&keys{}, id(0)) != nil {
		t.Error("a token is known that should not be")
	}
	c.put(&keys{}, id(1), jwt.MapClaims{})
	if c.get(k, id(0)) != nil || len(c.young)+len(c.old) != 1 {
		t.Error("tokens of other keys are kept")
	}
}
